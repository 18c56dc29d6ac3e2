"""The report of a run: a real folder as training leaves it, its pictures, and the page that holds them."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import cv2
import pytest

from runtime.errors import DataError
from tests.train.report.runs import converted, model_of
from train.report.build import write_report

ROOT = Path(__file__).parents[2]
PICTURES = {"training_images", "curves", "confusion", "answers", "mistakes", "reliability"}


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """The page of `run`, before any conversion."""
    return write_report(run, model_of(run)).read_text("utf-8")


def test_every_picture_is_a_png_beside_the_page_and_inside_it(run: Path, page: str) -> None:
    inside = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert {path.stem for path in run.glob("*.png")} == PICTURES
    assert {base64.b64decode(data) for data in inside} == {path.read_bytes() for path in run.glob("*.png")}
    for path in run.glob("*.png"):
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.std() > 5


def test_the_page_needs_nothing_from_elsewhere_and_escapes_names(page: str) -> None:
    assert not re.search(r"<script|<link|<iframe|https?:|@import|url\(", page)
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "upright &lt;b&gt;&amp;&lt;/b&gt;" in page
    assert "<b>" not in page


def test_before_conversion_it_says_what_to_run(page: str) -> None:
    assert "<code>python -m convert</code>" in page
    assert "<code>python -m convert.compare</code>" in page


def test_after_conversion_its_figures_are_there(folder: Path) -> None:
    converted(folder)
    page = write_report(folder, model_of(folder)).read_text("utf-8")
    assert "<code>" not in page
    for text in ("8 : 1", "0.0391", "87.65%", "dense_1", "1.23%", "12,345", "1.625", "3.14%, 1.59%", "0.01 &amp; more"):
        assert text in page, text
    assert "of the tflite" in page
    assert (folder / "disagreements.png").is_file()


def test_what_was_converted_from_another_model_is_left_out(folder: Path) -> None:
    converted(folder)
    write_report(folder, model_of(folder))
    for name in ("parity.json", "compare.json"):
        os.utime(folder / name, (1, 1))
    page = write_report(folder, model_of(folder)).read_text("utf-8")
    assert "<code>python -m convert</code>" in page
    assert not (folder / "disagreements.png").exists()


def test_accuracy_on_the_page_is_that_of_the_model(run: Path, page: str) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    wrong = round((1 - metrics["accuracy"]) * metrics["n"])
    assert f"{metrics['accuracy']:.2%} ({wrong} wrong)" in page


@pytest.mark.parametrize("name", ["card.json", "dataset.npz", "history.csv"])
def test_a_damaged_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DataError, match=rf"{name}: .*cannot be read .*Train again"):
        write_report(folder, model_of(folder))
