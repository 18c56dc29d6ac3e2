"""The one path from pixels to model input. Training, conversion and the device all call `to_input`.

Pure: no files, no state, no randomness. The same picture gives the same bytes everywhere: of OpenCV's ways to
resize only INTER_AREA, INTER_NEAREST and INTER_LINEAR_EXACT round alike on Arm and x86, and no other is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError
from runtime.framing.base import Content, Framing, Prepared, Scores, TooManyMarks, read_one
from runtime.image.pixels import as_picture
from runtime.tflite.card import InputSpec

__all__ = [
    "ENTRY_POINTS",
    "FRAMINGS",
    "Content",
    "Framing",
    "Prepared",
    "Scores",
    "TooManyMarks",
    "load_framing",
    "prepare",
    "read_one",
    "to_input",
]

# By the card's `input.framing`: "module:object", as an entry point has it, so that only the one asked for is imported.
FRAMINGS: Mapping[str, str] = {
    "ink": "runtime.ink.handwriting:FRAMING",
    "whole": "runtime.framing.whole:FRAMING",
}
ENTRY_POINTS = "edge_classifier.framings"  # the group of framings that other packages bring


def to_input(image: NDArray[np.generic], spec: InputSpec) -> NDArray[np.uint8] | None:
    """Turn a picture into what the model wants.

    Args:
        image: Whatever `as_picture` takes: gray, BGR or BGRA of 8 or 16 bits.
        spec: The model's input, `ModelCard.input`.

    Returns:
        uint8 of shape spec.shape (color "rgb": R first), or None where the framing finds nothing to classify,
        as "ink" does on an empty sheet.

    Raises:
        ValueError: The array is not a picture.
        ModelError: The framing is unknown.

    Example:
        >>> from runtime.image.files import read_image
        >>> to_input(read_image("samples/photo_7.jpg"), InputSpec()).shape
        (28, 28, 1)
    """
    prepared = prepare(image, spec)
    return None if prepared is None else prepared.pixels


def prepare(image: NDArray[np.generic], spec: InputSpec) -> Prepared | None:
    """`to_input`, and the box in the picture that the input was made from.

    Args:
        image: As for `to_input`.
        spec: As for `to_input`.

    Returns:
        The input and its box, or None, as for `to_input`.

    Raises:
        ValueError: The array is not a picture.
        ModelError: The framing is unknown.
    """
    return load_framing(spec.framing).prepare(as_picture(image), spec)


@cache
def load_framing(name: str) -> Framing:
    """Import the framing of a name, which is its key in FRAMINGS or that of an entry point of the group ENTRY_POINTS.

    Args:
        name: The card's `input.framing`.

    Returns:
        The framing.

    Raises:
        ModelError: No framing has that name; the message lists those there are. Or its package cannot be imported.

    Example:
        >>> load_framing("whole").content
        'picture'
    """
    if name in FRAMINGS:
        module, attribute = FRAMINGS[name].split(":")
        return cast(Framing, getattr(import_module(module), attribute))
    return _installed_framing(name)


def _installed_framing(name: str) -> Framing:
    """The framing that another package brings."""
    from runtime.plugins import load_plugin, plugin_names  # here: a start with a framing of FRAMINGS needs none of it

    installed = plugin_names(ENTRY_POINTS)
    if name not in installed:
        raise ModelError(
            f"card: input.framing must be one of {', '.join([*FRAMINGS, *installed])}; received {name!r}. "
            f"Install the package that brings it (entry point group {ENTRY_POINTS})"
        )
    return cast(Framing, load_plugin(ENTRY_POINTS, name, Framing, ModelError))
