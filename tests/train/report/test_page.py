"""The page: a template that escapes everything, complete with or without a conversion."""

from __future__ import annotations

import dataclasses
import html
import re
from pathlib import Path

import pytest

from tests.train.report.runs import converted, model_of
from train.report.material import ReportData, read_report_data
from train.report.page import CONFUSION, DISAGREEMENTS, TITLES, render_page

PICTURES = {name: name.encode() for name in TITLES}
NASTY = """<script>alert("x")</script> & 'y' {{ 7 * 7 }}"""


@pytest.fixture
def data(folder: Path) -> ReportData:
    converted(folder)
    return read_report_data(folder, model_of(folder))


def headings(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<h2>(.*?)</h2>", page)]


def test_pictures_keep_their_order_and_tables_have_their_places(data: ReportData) -> None:
    page = render_page(data, PICTURES)
    titles = [title for name, title in TITLES.items() if name != DISAGREEMENTS]
    tables = ["Parity of Keras and .tflite", "Recall of each class", "Quantization error of each layer, int8"]
    assert headings(page) == [*titles, *tables, TITLES[DISAGREEMENTS], "The card"]
    confusion = page.index(TITLES[CONFUSION])
    assert confusion < page.index("<th>precision</th>") < page.index(TITLES["answers.png"])
    assert page.startswith("<!doctype html>\n<html")
    assert page.endswith("</html>\n")


def test_before_a_conversion_it_says_what_to_run(data: ReportData) -> None:
    page = render_page(dataclasses.replace(data, parity=None, comparison=None), {})
    assert page.count('class="missing"') == 2
    assert headings(page) == ["Parity of Keras and .tflite", "The card"]


def test_every_text_of_a_user_is_escaped(data: ReportData) -> None:
    card = dataclasses.replace(
        data.card,
        name=NASTY,
        labels=(NASTY, "<b>bold</b>", "plain"),
        training={"model": NASTY, "dataset": NASTY, "command": NASTY, "seed": NASTY},
    )
    parity = {**(data.parity or {}), "quantization": NASTY, "missed": [NASTY]}
    page = render_page(dataclasses.replace(data, card=card, tflite_card=card, parity=parity), PICTURES)
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert html.unescape(page).count(NASTY) >= 8


def test_every_tag_is_closed(data: ReportData) -> None:
    page = render_page(data, PICTURES)
    for tag in ("table", "tr", "th", "td", "h1", "h2", "p", "div", "figure", "pre", "body", "html"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag
