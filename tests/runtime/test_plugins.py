"""What other packages bring: found by its entry points, and told of in one line where it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.errors import EdgeError, OptionError
from runtime.plugins import load_plugin, plugin_names
from tests.packages import install

GROUP = "edge_classifier.toys"


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = ("good = toys_for_tests:GOOD", "number = toys_for_tests:NUMBER", "gone = toys_for_tests:GONE")
    install(tmp_path, "toys_for_tests", "GOOD = 'row'\nNUMBER = 1\n", GROUP, *points)
    install(tmp_path, "toys_that_break", "1 / 0\n", GROUP, "broken = toys_that_break:GOOD")
    monkeypatch.syspath_prepend(tmp_path)


def test_names_are_sorted_and_of_one_group(toys: None) -> None:
    assert plugin_names(GROUP) == ["broken", "gone", "good", "number"]
    assert plugin_names("edge_classifier.none") == []


def test_an_entry_point_is_loaded(toys: None) -> None:
    assert load_plugin(GROUP, "good", str, OptionError) == "row"
    assert load_plugin(GROUP, "number", object, OptionError) == 1


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("gone", r"^cannot load gone from toys_for_tests:GONE \(edge_classifier.toys\): AttributeError: .*GONE"),
        ("broken", r"^cannot load broken from toys_that_break:GOOD .*: ZeroDivisionError: division by zero$"),
        ("number", r"^expected a str in toys_for_tests:NUMBER \(entry point number of .*\); received int$"),
    ],
)
def test_what_cannot_be_had_is_one_line(toys: None, name: str, complaint: str) -> None:
    with pytest.raises(EdgeError, match=complaint) as caught:
        load_plugin(GROUP, name, str, OptionError)
    assert type(caught.value) is OptionError
