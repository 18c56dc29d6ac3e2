"""Every digit of a picture, and nothing that is none. The scenes are drawn here, with the samples' pen."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.results import Reading
from samples.draw import BALLPOINT, BOARD, CHALK, MARKER, PAPER, Pen, Place, camera, light, shadow, sheet, write
from tests.runtime.helpers import ROOT

Image = NDArray[np.uint8]
PEN = Pen(0.09, MARKER)
BLUE = Pen(0.07, BALLPOINT)


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def page(rows: list[str], size: int = 60, pen: Pen = PEN, gap: float = 1.0, paper: Image | None = None) -> Image:
    """Rows of digits, each `size` pixels high, `gap` heights apart; other characters leave a space."""
    step, down = round(size * gap), round(size * 1.9)
    shape = (down * len(rows) + size, step * max(map(len, rows)) + 2 * size)
    made = sheet(*shape, PAPER, 2.0, rng()) if paper is None else paper
    for i, row in enumerate(rows):
        for j, digit in enumerate(row):
            if digit.isdigit():
                place = Place(1.5 * size + j * step, size + i * down, size, 4)
                made = write(made, digit, place, pen, rng(7 + i * 31 + j))
    return made


def boxes_hold(reading: Reading, shape: tuple[int, ...]) -> bool:
    """Every box lies in the picture and has a size."""
    return all(
        x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= shape[1] and y + h <= shape[0]
        for x, y, w, h in (region.box for region in reading.regions)
    )


def test_a_strip(shipped: Classifier) -> None:
    image = camera(page(["2075364"]), rng())
    reading = shipped.read(image)
    assert reading.text == "2075364"
    assert [region.label for region in reading.regions] == list("2075364")
    assert boxes_hold(reading, image.shape)
    lefts = [region.box[0] for region in reading.regions]
    assert lefts == sorted(lefts)
    assert all(0 < region.score <= 1 for region in reading.regions)


@pytest.mark.parametrize("size", [30, 60, 140])
def test_rows_come_from_the_top_down(shipped: Classifier, size: int) -> None:
    image = camera(page(["3746", "52 07", "236"], size), rng(), noise=2.0)
    assert shipped.read(image).text == "3746\n5207\n236"


@pytest.mark.parametrize("angle", [-7, -3, 3, 7])
def test_rows_may_slope(shipped: Classifier, angle: float) -> None:
    image = page(["374620", "520736"], 60)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.85)
    turned = np.asarray(cv2.warpAffine(image, turn, (width, height), borderValue=PAPER), np.uint8)
    assert shipped.read(camera(turned, rng())).text == "374620\n520736"


def test_uneven_light_a_shadow_and_chalk(shipped: Classifier) -> None:
    image = light(page(["37462", "52073"], 80, BLUE), (0.7, 0.7), 0.4)
    image = shadow(image, [(0.4, -0.1), (1.1, -0.1), (1.1, 1.1), (0.6, 1.1)], 0.45, 3)
    assert shipped.read(camera(image, rng())).text == "37462\n52073"
    board = sheet(300, 640, BOARD, 4.0, rng())
    assert shipped.read(page(["37462"], 90, Pen(0.09, CHALK), paper=board)).text == "37462"


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (480, 640), (3, 900)])
def test_a_plain_sheet_holds_nothing(shipped: Classifier, shape: tuple[int, int], level: int) -> None:
    reading = shipped.read(np.full(shape, level, np.uint8))
    assert (reading.text, reading.regions) == ("", ())


def test_paper_holds_nothing(shipped: Classifier) -> None:
    for seed in range(3):
        paper = camera(light(sheet(540, 720, PAPER, 3.0, rng(seed)), (0.4, 0.7), 0.4), rng(seed))
        assert shipped.read(paper).text == ""


def signs(image: Image, size: int) -> Image:
    """A plus in the second place of the first row and a minus in the fourth."""
    image = image.copy()
    x, y, arm, pen = round(2.5 * size), size, round(0.35 * size), max(2, size // 12)
    cv2.line(image, (x - arm, y + 1), (x + arm, y - 1), MARKER, pen, cv2.LINE_AA)
    cv2.line(image, (x - 1, y - arm), (x + 2, y + arm), MARKER, pen, cv2.LINE_AA)
    x += 2 * size
    cv2.line(image, (x - arm, y), (x + arm, y + 2), MARKER, pen, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("size", [50, 110])
def test_signs_are_no_digits(shipped: Classifier, size: int) -> None:
    image = signs(page(["8 3 6"], size), size)
    assert shipped.read(camera(image, rng())).text == "836"


def ruled_lines(image: Image, spacing: int, color: tuple[int, int, int], both: bool) -> Image:
    """Lines across the whole page, as dark as `color` says."""
    out: Image = image.copy()
    for y in range(spacing // 2, out.shape[0], spacing):
        cv2.line(out, (0, y), (out.shape[1], y + 3), color, 2, cv2.LINE_AA)
    for x in range(spacing // 2, out.shape[1] if both else 0, spacing):
        cv2.line(out, (x, 0), (x - 3, out.shape[0]), color, 2, cv2.LINE_AA)
    return out


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("color", [(190, 170, 150), (60, 50, 45)])
def test_ruled_and_squared_paper(shipped: Classifier, color: tuple[int, int, int], both: bool) -> None:
    paper = ruled_lines(sheet(330, 700, PAPER, 2.0, rng()), 160, color, both)
    image = page(["374620", "520736"], 90, paper=paper)
    assert shipped.read(camera(image, rng())).text == "374620\n520736"


GRID = [
    "53 678912",
    "672195348",
    "198342567",
    "8597 4 23",
    "426853791",
    "713924856",
    "96 53 284",
    "287419635",
    "345286 79",
]
# The samples' pen has one hand; these are the places that are typed.
TYPED = {(0, 3), (2, 2), (4, 4), (6, 7), (8, 1)}


def grid(cell: int = 80) -> Image:
    """A filled-in table of 9 x 9 cells, typed and written digits in it, with a word above it."""
    side = 9 * cell
    image = sheet(side + 5 * cell, side + 3 * cell, PAPER, 2.0, rng())
    left, top = round(1.5 * cell), 3 * cell
    for i in range(10):
        wide, at = (5 if i % 3 == 0 else 2), i * cell
        cv2.line(image, (left + at, top), (left + at, top + side), (40, 36, 34), wide, cv2.LINE_AA)
        cv2.line(image, (left, top + at), (left + side, top + at), (40, 36, 34), wide, cv2.LINE_AA)
    for i, row in enumerate(GRID):
        for j, digit in enumerate(row):
            x, y = left + (j + 0.5) * cell, top + (i + 0.5) * cell
            if (i, j) in TYPED:
                place = (round(x - 0.22 * cell), round(y + 0.28 * cell))
                cv2.putText(image, digit, place, cv2.FONT_HERSHEY_DUPLEX, cell / 36, (30, 30, 30), 3, cv2.LINE_AA)
            elif digit != " ":
                image = write(image, digit, Place(x, y, 0.68 * cell, 3), BLUE, rng(i * 9 + j))
    return image


def test_a_filled_in_table_in_perspective(shipped: Classifier) -> None:
    image = grid()
    height, width = image.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    there = np.array(
        [(60, 30), (width - 110, 0), (width, height - 20), (0, height)],
        np.float32,
    )
    move = cv2.getPerspectiveTransform(corners, there)
    seen = np.asarray(cv2.warpPerspective(image, move, (width, height), borderValue=PAPER), np.uint8)
    rows = shipped.read(camera(light(seen, (0.5, 0.8), 0.3), rng())).text.split("\n")
    expected = [row.replace(" ", "") for row in GRID]
    assert sum(row in rows for row in expected) >= 8
    assert len(rows) == 9


@pytest.mark.parametrize("angle", [-6, 6])
def test_a_table_held_askew(shipped: Classifier, angle: float) -> None:
    image = grid()
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.8)
    seen = np.asarray(cv2.warpAffine(image, turn, (width, height), borderValue=PAPER), np.uint8)
    rows = shipped.read(camera(seen, rng())).text.split("\n")
    assert sum(row.replace(" ", "") in rows for row in GRID) >= 8


@pytest.mark.parametrize("seed", range(40))
def test_any_picture_is_read_without_complaint(shipped: Classifier, seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = (int(side) for side in random.integers(1, 400, 2))
    image: Image = np.full((height, width), random.integers(256), np.uint8)
    for _ in range(seed % 12):
        x0, y0, x1, y1 = (int(v) for v in random.integers(-20, 420, 4))
        level, thick = int(random.integers(256)), int(random.integers(1, 40))
        cv2.line(image, (x0, y0), (x1, y1), (level,), thick)
    if seed % 3 == 0:
        image = np.ascontiguousarray(image[:, : max(1, width // 30)])
    assert boxes_hold(shipped.read(image, threshold=0.0), image.shape)
    assert shipped.predict(image).reason in (None, "blank", "unsure")


def touching(first: str, second: str, size: int = 100) -> Image:
    """Two written digits whose ink runs together, after one that stands alone."""
    image: Image = sheet(2 * size, 5 * size, PAPER, 2.0, rng())
    for digit, x in (("4", 1.0), (first, 2.2), (second, 2.78), ("7", 4.0)):
        image = write(image, digit, Place(x * size, size, size, 0), Pen(0.1, MARKER), rng(ord(digit)))
    return image


def test_touching_pairs_are_two(shipped: Classifier) -> None:
    read = []
    for first, second in itertools.product("0123456789", repeat=2):
        image = touching(first, second)
        ink = (image.max(axis=2) < 128).astype(np.uint8)
        if cv2.connectedComponents(ink)[0] - 1 == 3:  # the pair does touch
            read.append(shipped.read(camera(image, rng())).text == f"4{first}{second}7")
    assert len(read) >= 25
    assert sum(read) >= 0.8 * len(read)


def test_a_pair_that_touches_is_two_with_nothing_beside_it(shipped: Classifier) -> None:
    pairs = ["37", "44", "52", "53", "64", "76", "86", "92"]
    read = []
    for pair in pairs:
        image: Image = sheet(200, 320, PAPER, 2.0, rng())
        for digit, x in zip(pair, (125, 176), strict=True):
            image = write(image, digit, Place(x, 100, 100, 0), Pen(0.1, MARKER), rng(ord(digit)))
        read.append(shipped.read(camera(image, rng())).text == pair)
    assert sum(read) >= 0.7 * len(pairs)


def test_a_broken_stroke_is_one_digit(shipped: Classifier) -> None:
    image = page(["3526"], 100)
    image[92:97, 200:300] = PAPER
    assert shipped.read(image).text == "3526"


def test_every_sample_is_read(shipped: Classifier) -> None:
    for path in sorted((ROOT / "samples").glob("*.[jp][pn]g")):
        expected = "" if path.stem == "blank" else path.stem[-1]
        assert shipped.read(read_image(path)).text == expected, path.name


def test_changes_that_mean_nothing_leave_the_reading(shipped: Classifier) -> None:
    image = camera(page(["37462", "52073"], 70), rng())
    coded = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR)
    for changed in (
        255 - image,
        np.roll(image, (12, -15), (0, 1)),
        (image * 0.6 + 10).astype(np.uint8),
        np.asarray(coded, np.uint8),
        np.asarray(cv2.resize(image, None, fx=2, fy=2), np.uint8),
        np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8),
    ):
        assert shipped.read(changed).text == "37462\n52073"


def test_reading_is_deterministic_and_leaves_the_picture_alone(shipped: Classifier) -> None:
    image = camera(page(["37462"]), rng())
    image.flags.writeable = False
    first, second = shipped.read(image), shipped.read(image)
    assert first.regions == second.regions


def test_a_threshold_of_one_reads_nothing(shipped: Classifier) -> None:
    image = camera(page(["37462"]), rng())
    assert len(shipped.read(image, threshold=0.0).regions) >= 5
    assert shipped.read(image, threshold=1.1).regions == ()


def test_what_is_no_picture_is_refused(shipped: Classifier) -> None:
    with pytest.raises(ValueError, match="8 or 16 bits"):
        shipped.read(np.zeros((28, 28), np.float32))
