"""The framing "whole": all of the picture at the model's size, resized as runtime.preprocess allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.framing.base import Content, Framing, Prepared, Scores, read_one
from runtime.image.pixels import Picture
from runtime.results import Region
from runtime.tflite.card import InputSpec


@dataclass(frozen=True)
class WholePicture:
    """The framing of pictures of anything: stretched, cropped or padded to the model's size.

    Attributes:
        content: "picture", see `Framing`.
        channels: 1 (gray) or 3 (color).
    """

    content: Content = "picture"
    channels: tuple[int, ...] = (1, 3)

    def input_spec(self, height: int, width: int, channels: int) -> InputSpec:
        """The spec for inputs of this size: gray of one channel, RGB of three, any polarity, stretched.

        Args:
            height: Height of an input, pixels.
            width: Width of an input, pixels.
            channels: 1 or 3.

        Returns:
            The spec, framing "whole".
        """
        color = "gray" if channels == 1 else "rgb"
        return InputSpec(height, width, channels, color=color, polarity="any", framing="whole")

    def prepare(self, picture: Picture, spec: InputSpec) -> Prepared:
        """The whole picture at the model's size, by the spec's `resize`.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR.
            spec: The model's input.

        Returns:
            The input; its box is the whole picture.
        """
        height, width = picture.shape[:2]
        return Prepared(_resized(_recolored(picture, spec.color), spec), (0, 0, width, height))

    def read(
        self, picture: Picture, spec: InputSpec, scores: Scores, labels: Sequence[str], threshold: float
    ) -> list[list[Region]]:
        """The picture as one region.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR.
            spec: The model's input.
            scores: Runs the model.
            labels: Class names by index.
            threshold: 0 to 1; a lower score gives no region.

        Returns:
            One line of one region, or nothing.
        """
        return read_one(self.prepare(picture, spec), scores, labels, threshold)


MOST_PADDED = 25_000_000  # pixels of a padded picture, or four times the picture itself
FRAMING: Framing = WholePicture()


def _recolored(picture: Picture, color: str) -> Picture:
    """Gray, RGB or BGR."""
    if color == "gray":
        return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    if picture.ndim == 2:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    return picture if color == "bgr" else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _resized(picture: Picture, spec: InputSpec) -> Picture:
    if spec.resize == "crop":
        picture = _cropped(picture, spec.width / spec.height)
    elif spec.resize == "pad":
        picture = _padded(picture, spec.width / spec.height)
    if picture.shape[:2] != (spec.height, spec.width):
        grows = picture.shape[0] < spec.height or picture.shape[1] < spec.width
        method = cv2.INTER_LINEAR_EXACT if grows else cv2.INTER_AREA
        picture = np.asarray(cv2.resize(picture, (spec.width, spec.height), interpolation=method), dtype=np.uint8)
    return np.ascontiguousarray(picture).reshape(spec.shape)


def _cropped(picture: Picture, ratio: float) -> Picture:
    """The largest centered part whose width is `ratio` times its height."""
    height, width = picture.shape[:2]
    w, h = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    x, y = (width - w) // 2, (height - h) // 2
    return picture[y : y + h, x : x + w]


def _padded(picture: Picture, ratio: float) -> Picture:
    """The picture on a black background whose width is `ratio` times its height."""
    height, width = picture.shape[:2]
    most = max(width / ratio, float(height))  # the height of the padded picture
    if most * most * ratio > max(MOST_PADDED, 4 * width * height):
        # A thin picture: padded at its own size it would take its longer side squared.
        factor = (MOST_PADDED / (most * most * ratio)) ** 0.5
        size = max(1, round(width * factor)), max(1, round(height * factor))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        height, width = picture.shape[:2]
    w, h = max(width, round(height * ratio)), max(height, round(width / ratio))
    x, y = (w - width) // 2, (h - height) // 2
    edges = (y, h - height - y, x, w - width - x)
    return np.asarray(cv2.copyMakeBorder(picture, *edges, cv2.BORDER_CONSTANT, value=(0, 0, 0)), dtype=np.uint8)
