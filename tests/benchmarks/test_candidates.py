"""Networks in words, the clock that compares them, and the page that their table is written into."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.candidates import CANDIDATES, Candidate, chosen
from benchmarks.page import write_between
from benchmarks.timing import BURST, WARM_UP, side_by_side
from runtime.errors import OptionError
from train.models.recipes import RECIPES, build
from workbench.tables import markdown_table


def test_the_table_is_of_networks_that_can_be_built() -> None:
    assert chosen([]) == list(CANDIDATES)
    assert len({candidate.name for candidate in CANDIDATES}) == len(CANDIDATES)
    assert chosen([candidate.name for candidate in CANDIDATES]) == list(CANDIDATES)


@pytest.mark.parametrize("name", ["cnn", "cnn-tiny"])
def test_what_ships_is_in_the_table_as_it_is(name: str) -> None:
    (candidate,) = chosen([name])
    shipped, described = build(RECIPES[name], (28, 28, 1), 10), candidate.build((28, 28, 1), 10)
    assert [(type(layer), getattr(layer, "filters", None), layer.output.shape) for layer in described.layers] == [
        (type(layer), getattr(layer, "filters", None), layer.output.shape) for layer in shipped.layers
    ]


def test_a_network_can_be_given_in_words() -> None:
    assert chosen(["cnn", "16k5/2 24"]) == [CANDIDATES[0], Candidate("16k5/2 24", "16k5/2 24")]
    with pytest.raises(OptionError, match="received the step 'resnet'"):
        chosen(["resnet"])


def test_they_take_turns_and_nobody_is_left_out() -> None:
    order: list[tuple[str, int]] = []
    times = side_by_side({"a": lambda n: order.append(("a", n)), "b": lambda n: order.append(("b", n))}, count=60)
    timed = order[2 * WARM_UP :]
    assert [name for name, _ in timed] == ["a"] * BURST + ["b"] * BURST + ["a"] * BURST + ["b"] * BURST + [
        *["a"] * BURST,
        *["b"] * BURST,
    ]
    assert [n for name, n in timed if name == "b"] == list(range(3 * BURST))
    assert {name: time.calls for name, time in times.items()} == {"a": 3 * BURST, "b": 3 * BURST}
    assert all(0 < time.p10 <= time.median <= time.p90 for time in times.values())


def test_a_table_is_written_between_its_markers_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Prose\n\n<!-- a -->\nold\n<!-- /a -->\n\nmore\n<!-- b -->\nkept\n<!-- /b -->\n")
    text = markdown_table(["name", "n"], [["x|y", "1"]])
    assert text.splitlines() == ["| name | n |", "| --- | ---: |", "| x\\|y | 1 |"]
    for _ in range(2):
        write_between(page, "a", text)
        assert page.read_text() == (
            f"# Prose\n\n<!-- a -->\n\n{text}\n\n<!-- /a -->\n\nmore\n<!-- b -->\nkept\n<!-- /b -->\n"
        )
    with pytest.raises(OptionError, match="<!-- c -->"):
        write_between(page, "c", text)
