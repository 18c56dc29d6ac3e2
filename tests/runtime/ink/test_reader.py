"""Every digit of a picture, and nothing else. The scenes are drawn with the samples' pen."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.ink.hypothesis import MAX_EFFORT, RUN_EFFORT
from runtime.results import Reading
from samples.draw import BOARD, CHALK, PAPER, Pen, camera, light, shadow, sheet
from tests.runtime.helpers import ROOT
from tests.runtime.ink.drawing import BLUE, TABLE, Image, page, rng, table


def boxes_are_inside(reading: Reading, shape: tuple[int, ...]) -> bool:
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
    assert boxes_are_inside(reading, image.shape)
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
def test_a_plain_sheet_has_no_text(shipped: Classifier, shape: tuple[int, int], level: int) -> None:
    reading = shipped.read(np.full(shape, level, np.uint8))
    assert (reading.text, reading.regions) == ("", ())


def test_paper_has_no_text(shipped: Classifier) -> None:
    for seed in range(3):
        paper = camera(light(sheet(540, 720, PAPER, 3.0, rng(seed)), (0.4, 0.7), 0.4), rng(seed))
        assert shipped.read(paper).text == ""


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


def test_a_filled_in_table_in_perspective(shipped: Classifier) -> None:
    image = table()
    height, width = image.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    there = np.array(
        [(60, 30), (width - 110, 0), (width, height - 20), (0, height)],
        np.float32,
    )
    move = cv2.getPerspectiveTransform(corners, there)
    seen = np.asarray(cv2.warpPerspective(image, move, (width, height), borderValue=PAPER), np.uint8)
    rows = shipped.read(camera(light(seen, (0.5, 0.8), 0.3), rng())).text.split("\n")
    expected = [row.replace(" ", "") for row in TABLE]
    assert sum(row in rows for row in expected) >= 8
    assert len(rows) == 9


@pytest.mark.parametrize("angle", [-6, 6])
def test_a_table_held_askew(shipped: Classifier, angle: float) -> None:
    image = table()
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.8)
    seen = np.asarray(cv2.warpAffine(image, turn, (width, height), borderValue=PAPER), np.uint8)
    rows = shipped.read(camera(seen, rng())).text.split("\n")
    assert sum(row.replace(" ", "") in rows for row in TABLE) >= 8


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
    assert boxes_are_inside(shipped.read(image, threshold=0.0), image.shape)
    assert shipped.predict(image).reason in (None, "blank", "unsure")


def test_a_broken_stroke_is_one_digit(shipped: Classifier) -> None:
    image = page(["3526"], 100)
    image[92:97, 200:300] = PAPER
    assert shipped.read(image).text == "3526"


def test_every_sample_is_read(shipped: Classifier) -> None:
    for path in sorted((ROOT / "samples").glob("*.[jp][pn]g")):
        expected = "" if path.stem == "blank" else path.stem[-1]
        assert shipped.read(read_image(path)).text == expected, path.name


def test_changes_that_mean_nothing_leave_the_text(shipped: Classifier) -> None:
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


def test_an_array_that_is_no_picture_is_refused(shipped: Classifier) -> None:
    with pytest.raises(ValueError, match="8 or 16 bits"):
        shipped.read(np.zeros((28, 28), np.float32))


def grid(side: int, step: int, across: int, down: int) -> Image:
    """Bars on a page, one every `step` pixels."""
    image = np.full((side, side), 220, np.uint8)
    for y in range(step // 4, side - step, step):
        for x in range(step // 4, side - step, step):
            image[y : y + down, x : x + across] = 30
    return image


def dots(side: int, step: int, radius: int) -> Image:
    image = np.full((side, side), 230, np.uint8)
    for y in range(step, side - step, step):
        for x in range(step, side - step, step):
            cv2.circle(image, (x, y), radius, (20,), -1)
    return image


def blots() -> Image:
    noise = np.random.default_rng(1).integers(0, 256, (1600, 1600), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.0), np.uint8)


def ruled(side: int, step: int) -> Image:
    image = np.full((side, side), 255, np.uint8)
    for at in range(0, side, step):
        image[at : at + 2] = image[:, at : at + 2] = 0
    return image


def hairlines(side: int, step: int) -> Image:
    image = np.full((side, side), 240, np.uint8)
    for x in range(0, side, step):
        image[:, x : x + 3] = 20
    return image


def thin(height: int, width: int) -> Image:
    image = np.full((height, width), 220, np.uint8)
    image.ravel()[: image.size // 10] = 30
    return image


DENSE: dict[str, Callable[[], Image]] = {
    "dots": lambda: dots(1600, 12, 4),
    "bars": lambda: grid(1000, 20, 3, 14),
    "blots": blots,
    "a board of squares": lambda: np.kron(np.indices((80, 80)).sum(0) % 2, np.ones((20, 20))).astype(np.uint8) * 255,
    "ruled": lambda: ruled(1500, 15),
    "large and ruled": lambda: ruled(4000, 40),
    "hairlines": lambda: hairlines(1600, 12),
    "one row of pixels": lambda: thin(1, 1_000_000),
    "one column of pixels": lambda: thin(1_000_000, 1),
    "two rows of pixels": lambda: thin(2, 65_500),
    "a strip": lambda: thin(40, 40_000),
}


@pytest.mark.parametrize("name", DENSE)
def test_the_cost_of_a_page_is_bounded(shipped: Classifier, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture takes more memory or runs of the model than a bound, and what is given up is said."""
    most = MAX_EFFORT // RUN_EFFORT
    runs = iter(range(most + 1))

    def counted(pixels: np.ndarray) -> np.ndarray:
        next(runs)  # StopIteration: one too many
        return np.full(10, 0.1, np.float32)

    monkeypatch.setattr(shipped, "scores", counted)
    image = DENSE[name]()
    tracemalloc.start()
    try:
        found = shipped.read(image)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.reason in (None, "too many marks")
    assert not (found.reason and found.regions)
    assert peak < 200e6


def test_more_marks_than_are_read_is_the_reason_and_not_an_empty_page(shipped: Classifier) -> None:
    found = shipped.read(dots(1600, 12, 4))
    assert (found.text, found.regions, found.reason) == ("", (), "too many marks")
    assert shipped.read(np.full((200, 200), 220, np.uint8)).reason is None


def test_a_full_sheet_of_digits_is_read(shipped: Classifier) -> None:
    image = camera(page(["0123456789" * 4] * 20, 36, gap=0.9), rng())
    found = shipped.read(image)
    assert found.reason is None
    assert len(found.regions) > 700
