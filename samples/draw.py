"""Draws the pictures in this folder, so that all of them are the project's own.

Command: python -m samples.draw

Digits are splines through a few hand-placed points, drawn with a pen on a paper, both made of noise.
The same seed gives the same pictures (JPEG bytes may differ between OpenCV versions).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.curves import catmull_rom

Image = NDArray[np.uint8]
Points = NDArray[np.float32]

FOLDER = Path(__file__).parent
SUPERSAMPLING = 4
CURVE_STEPS = 24  # points of a stroke between two of the points it goes through

# Strokes of each digit in a box of 1 x 1, x to the right and y down.
STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(0.55, 0.02), (0.25, 0.15), (0.15, 0.55), (0.3, 0.93), (0.6, 0.97), (0.84, 0.6), (0.76, 0.14), (0.5, 0.03)]],
    "1": [[(0.3, 0.25), (0.5, 0.08), (0.56, 0.02), (0.55, 0.5), (0.52, 0.98)]],
    "2": [
        [(0.17, 0.24), (0.32, 0.05), (0.62, 0.03), (0.78, 0.24), (0.6, 0.55), (0.15, 0.95), (0.4, 0.92), (0.86, 0.95)]
    ],
    "3": [
        [
            (0.2, 0.1),
            (0.5, 0.0),
            (0.76, 0.16),
            (0.66, 0.38),
            (0.4, 0.47),
            (0.72, 0.55),
            (0.8, 0.78),
            (0.54, 0.98),
            (0.16, 0.9),
        ]
    ],
    "4": [
        [(0.6, 0.02), (0.4, 0.32), (0.14, 0.62), (0.45, 0.63), (0.88, 0.6)],
        [(0.66, 0.35), (0.63, 0.65), (0.6, 1.0)],
    ],
    "5": [
        [
            (0.8, 0.03),
            (0.5, 0.05),
            (0.28, 0.07),
            (0.24, 0.42),
            (0.5, 0.38),
            (0.78, 0.55),
            (0.74, 0.85),
            (0.46, 0.98),
            (0.16, 0.9),
        ]
    ],
    "6": [
        [
            (0.7, 0.02),
            (0.4, 0.2),
            (0.2, 0.6),
            (0.3, 0.92),
            (0.6, 0.96),
            (0.78, 0.74),
            (0.6, 0.52),
            (0.35, 0.58),
            (0.22, 0.72),
        ]
    ],
    "7": [
        [(0.14, 0.07), (0.45, 0.06), (0.82, 0.05), (0.62, 0.42), (0.44, 0.98)],
        [(0.32, 0.52), (0.52, 0.5), (0.74, 0.49)],
    ],
    "8": [
        [
            (0.72, 0.16),
            (0.48, 0.02),
            (0.26, 0.2),
            (0.46, 0.45),
            (0.74, 0.7),
            (0.54, 0.98),
            (0.24, 0.8),
            (0.42, 0.52),
            (0.7, 0.28),
            (0.7, 0.14),
        ]
    ],
    "9": [
        [(0.74, 0.2), (0.52, 0.03), (0.24, 0.2), (0.3, 0.45), (0.56, 0.46), (0.74, 0.24), (0.74, 0.55), (0.64, 0.98)]
    ],
}


@dataclass(frozen=True)
class Pen:
    """What a digit is written with.

    Attributes:
        width: Share of the digit's height.
        ink: BGR.
        break_up: 0 (solid) to 1 (chalk).
    """

    width: float
    ink: tuple[int, int, int]
    break_up: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a digit is written.

    Attributes:
        x: Position of its middle, pixels.
        y: Position of its middle, pixels.
        height: Pixels.
        slant: Degrees.
    """

    x: float
    y: float
    height: float
    slant: float = 0.0


def coverage(
    shape: tuple[int, int], digit: str, place: Place, pen: Pen, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Write a digit, and say how much of each pixel the pen covers.

    Args:
        shape: (height, width), pixels.
        digit: "0" to "9".
        place: Where it is written.
        pen: What it is written with.
        rng: Makes the stroke unsteady.

    Returns:
        float32 (h, w), 0 to 1.
    """
    fine = np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)
    turn = cv2.getRotationMatrix2D((0.0, 0.0), -place.slant, 1.0)[:, :2]
    for stroke in STROKES[digit]:
        wobbly = np.array(stroke) + rng.normal(0, 0.012, (len(stroke), 2))
        line = (catmull_rom(wobbly.astype(np.float32), CURVE_STEPS) - 0.5) @ turn.T
        line = (line * (place.height * 0.8, place.height) + (place.x, place.y)) * SUPERSAMPLING
        width = max(1, round(pen.width * place.height * SUPERSAMPLING))
        cv2.polylines(fine, [np.round(line * 16).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    size = (shape[1], shape[0])
    covered = np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.float32) / 255
    if pen.break_up:
        grain = cv2.GaussianBlur(rng.random(shape, np.float32), (0, 0), 1.2)
        grain = (grain - grain.mean()) / grain.std()
        covered *= np.clip(1.2 - pen.break_up * (grain + 0.6), 0, 1)
    return np.asarray(covered, np.float32)


def write(paper: Image, digit: str, place: Place, pen: Pen, rng: np.random.Generator) -> Image:
    """Write a digit on paper.

    Args:
        paper: BGR uint8 (h, w, 3).
        digit: "0" to "9".
        place: Where, how large and how slanted.
        pen: What it is written with.
        rng: Source of randomness of the tremor and the grain.

    Returns:
        A new picture, BGR uint8 (h, w, 3).
    """
    covered = coverage(paper.shape[:2], digit, place, pen, rng)[..., None]
    return np.asarray(paper * (1 - covered) + np.array(pen.ink, np.float32) * covered + 0.5, np.uint8)


def sheet(height: int, width: int, color: tuple[int, int, int], grain: float, rng: np.random.Generator) -> Image:
    """Make paper or a board: one color with coarse and fine grain.

    Args:
        height: Pixels.
        width: Pixels.
        color: Blue, green, red, 0 to 255.
        grain: Gray levels.
        rng: Source of randomness of the grain.

    Returns:
        BGR uint8 (h, w, 3).
    """
    coarse = cv2.resize(
        rng.normal(0, 1, (height // 24 + 2, width // 24 + 2)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 0.8)
    texture = (coarse * 0.7 + fine) * grain
    return np.asarray(np.clip(np.array(color, np.float64) + texture[..., None], 0, 255), np.uint8)


def light(image: Image, from_side: tuple[float, float], fall: float) -> Image:
    """Light a picture from one side.

    Args:
        image: BGR uint8 (h, w, 3).
        from_side: (x, y), the direction in which the light falls off.
        fall: How much of the light is lost across the picture, 0 to 1.

    Returns:
        A new picture, BGR uint8 (h, w, 3).
    """
    height, width = image.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    gain = 1 - fall * np.clip((x - 0.5) * from_side[0] + (y - 0.5) * from_side[1] + 0.5, 0, 1)
    return np.asarray(image * gain[..., None], np.uint8)


def shadow(image: Image, corners: list[tuple[float, float]], darkness: float, softness: float) -> Image:
    """Cast a shadow on a picture.

    Args:
        image: BGR uint8 (h, w, 3).
        corners: Corners of the shadow, (x, y) as shares of the picture.
        darkness: How much of the light it takes, 0 to 1.
        softness: Softness of its edge, pixels.

    Returns:
        A new picture, BGR uint8 (h, w, 3).
    """
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [np.array([(x * width, y * height) for x, y in corners], np.int32)], 1.0)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), softness), np.float32)
    return np.asarray(image * (1 - darkness * mask[..., None]), np.uint8)


def ruled(image: Image, spacing: int, color: tuple[int, int, int]) -> Image:
    """Rule faint lines across a picture.

    Args:
        image: BGR uint8 (h, w, 3).
        spacing: Between two lines, pixels.
        color: Blue, green, red, 0 to 255.

    Returns:
        A new picture, BGR uint8 (h, w, 3).
    """
    out = image.copy()
    for y in range(spacing // 2, image.shape[0], spacing):
        cv2.line(out, (0, y), (image.shape[1], y), color, max(1, spacing // 60), cv2.LINE_AA)
    return np.asarray(cv2.addWeighted(out, 0.6, image, 0.4, 0), np.uint8)


def camera(image: Image, rng: np.random.Generator, blur: float = 0.8, noise: float = 3.0) -> Image:
    """Add what a lens and a sensor do to a picture.

    Args:
        image: BGR uint8 (h, w, 3).
        rng: Source of randomness of the noise.
        blur: Pixels.
        noise: Gray levels.

    Returns:
        A new picture, BGR uint8 (h, w, 3).
    """
    soft = cv2.GaussianBlur(image, (0, 0), blur).astype(np.float32)
    return np.asarray(np.clip(soft + rng.normal(0, noise, image.shape), 0, 255), np.uint8)


PAPER, BOARD = (222, 232, 236), (48, 58, 44)
BALLPOINT, PENCIL, MARKER, CHALK = (130, 60, 30), (120, 118, 115), (28, 24, 22), (225, 235, 235)


def pictures(seed: int = 7) -> dict[str, Image]:
    """Draw every sample of one digit, and the blank sheet.

    Args:
        seed: Seed of all random numbers.

    Returns:
        By its file name: BGR or BGRA uint8, or gray uint8.
    """
    rng = np.random.default_rng(seed)
    made: dict[str, Image] = {}

    def photo(name: str, digit: str, paper: Image, place: Place, pen: Pen) -> Image:
        made[name] = write(paper, digit, place, pen, rng)
        return made[name]

    paper = light(sheet(720, 960, PAPER, 2.0, rng), (0.6, 0.8), 0.35)
    photo("photo_7.jpg", "7", paper, Place(500, 350, 330, 6), Pen(0.035, BALLPOINT))
    paper = ruled(sheet(720, 960, PAPER, 2.0, rng), 70, (205, 180, 165))
    photo("lined_5.jpg", "5", light(paper, (-0.8, 0.2), 0.25), Place(420, 330, 260, 4), Pen(0.05, BALLPOINT))
    image = photo(
        "shadow_3.jpg", "3", sheet(960, 720, PAPER, 2.0, rng), Place(360, 430, 360, -3), Pen(0.03, (96, 92, 90))
    )
    made["shadow_3.jpg"] = shadow(image, [(-0.1, 0.72), (0.45, 0.6), (1.1, 0.86), (1.1, 1.1), (-0.1, 1.1)], 0.5, 5)
    photo(
        "board_4.jpg",
        "4",
        light(sheet(600, 800, BOARD, 5.0, rng), (0.5, -0.6), 0.4),
        Place(430, 300, 340, 3),
        Pen(0.06, CHALK, 0.5),
    )
    photo("marker_8.jpg", "8", sheet(480, 480, (205, 215, 220), 2.0, rng), Place(240, 240, 380, 5), Pen(0.17, MARKER))
    photo(
        "corner_9.jpg",
        "9",
        light(sheet(720, 960, PAPER, 2.0, rng), (-0.5, -0.5), 0.3),
        Place(810, 130, 130, 8),
        Pen(0.07, MARKER),
    )
    photo(
        "pencil_2.jpg",
        "2",
        sheet(540, 720, (214, 222, 226), 2.5, rng),
        Place(350, 270, 250, 2),
        Pen(0.05, PENCIL, 0.25),
    )
    made["blank.jpg"] = light(sheet(540, 720, PAPER, 2.0, rng), (0.4, 0.7), 0.3)
    made = {name: camera(image, rng) for name, image in made.items()}
    made["drawn_6.png"] = _transparent("6", rng)
    made["scan_1.png"] = np.asarray(
        255 - 235 * coverage((200, 160), "1", Place(80, 100, 150, 7), Pen(0.08, MARKER), rng), np.uint8
    )
    made["small_0.png"] = np.asarray(
        255 * coverage((28, 28), "0", Place(14, 14, 19, 8), Pen(0.13, CHALK), rng), np.uint8
    )
    return made


def pages(seed: int = 11) -> dict[str, Image]:
    """Draw pictures of several digits in rows.

    Args:
        seed: Seed of all random numbers.

    Returns:
        By its file name, which has the digits, with "_" between rows: BGR uint8.
    """
    rng = np.random.default_rng(seed)
    note = ruled(sheet(720, 960, PAPER, 2.0, rng), 120, (205, 180, 165))
    for row, digits in enumerate(("31415", "92653")):
        for column, digit in enumerate(digits):
            place = Place(
                170 + 140 * column + rng.normal(0, 8), 230 + 240 * row + rng.normal(0, 8), 130, rng.normal(4, 3)
            )
            note = write(note, digit, place, Pen(0.06, BALLPOINT), rng)
    note = shadow(light(note, (0.6, 0.5), 0.3), [(0.7, -0.1), (1.1, -0.1), (1.1, 1.1), (0.85, 1.1)], 0.35, 14)
    return {"lines/note_31415_92653.jpg": camera(note, rng)}


def _transparent(digit: str, rng: np.random.Generator) -> Image:
    """Drawn in a paint program: a green line on nothing, BGRA."""
    covered = coverage((300, 300), digit, Place(150, 150, 220, 0), Pen(0.05, MARKER), rng)
    image = np.zeros((300, 300, 4), np.uint8)
    image[..., :3] = (40, 110, 30)
    image[..., 3] = np.round(covered * 255)
    return image


def main() -> int:
    """Write every picture into this folder.

    Returns:
        The exit status.
    """
    for name, image in {**pictures(), **pages()}.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 88] if name.endswith(".jpg") else []
        cv2.imwrite(str(FOLDER / name), image, quality)
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
