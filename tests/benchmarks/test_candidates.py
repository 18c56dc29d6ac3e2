"""Networks in words, the clock that compares them, and the page that their table is written into."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.candidates import CANDIDATES, Candidate, chosen
from benchmarks.page import table, write_between
from benchmarks.timing import BURST, WARM_UP, side_by_side
from runtime.errors import OptionError
from train.models import RECIPES, build


@pytest.mark.parametrize(
    ("steps", "kinds", "parameters"),
    [
        ("8/2", "Conv2D BatchNormalization ReLU GlobalAveragePooling2D Dense", 9 * 8 + 4 * 8 + 9 * 10),
        ("8k5 flat", "Conv2D BatchNormalization ReLU Flatten Dense", 25 * 8 + 32 + (28 * 28 * 8 + 1) * 10),
        (
            "8/2 place",
            "Conv2D BatchNormalization ReLU DepthwiseConv2D BatchNormalization Flatten Dense",
            104 + 1600 + 90,
        ),
        ("8 p", "Conv2D BatchNormalization ReLU MaxPooling2D GlobalAveragePooling2D Dense", 72 + 32 + 90),
        (
            "s16/2",
            "DepthwiseConv2D BatchNormalization ReLU Conv2D BatchNormalization ReLU GlobalAveragePooling2D Dense",
            9 + 4 + 16 + 64 + 170,
        ),
        (
            "8 r",
            "Conv2D BatchNormalization ReLU Conv2D BatchNormalization Add ReLU GlobalAveragePooling2D Dense",
            72 + 32 + 9 * 64 + 32 + 90,
        ),
    ],
)
def test_words_become_layers(steps: str, kinds: str, parameters: int) -> None:
    model = Candidate("x", steps).build((28, 28, 1), 10)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Rescaling", *kinds.split()]
    assert model.count_params() == parameters
    assert model.output_shape == (None, 10)


def test_strides_and_pooling_halve() -> None:
    model = Candidate("x", "4/2 s4/2 4 p flat").build((28, 28, 3), 2)
    assert model.layers[-2].output.shape == (None, 3 * 3 * 4)


def test_the_table_is_of_networks_that_can_be_built() -> None:
    assert chosen([]) == list(CANDIDATES)
    assert len({candidate.name for candidate in CANDIDATES}) == len(CANDIDATES)
    assert chosen([candidate.name for candidate in CANDIDATES]) == list(CANDIDATES)


@pytest.mark.parametrize("name", ["cnn", "cnn-tiny"])
def test_what_ships_is_in_the_table_as_it_is(name: str) -> None:
    (candidate,) = chosen([name])
    shipped, described = build(RECIPES[name], (28, 28, 1), 10), candidate.build((28, 28, 1), 10)
    assert [layer.get_config() | {"name": ""} for layer in described.layers[2:]] == [
        layer.get_config() | {"name": ""} for layer in shipped.layers[1:]
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
    text = table(["name", "n"], [["x|y", "1"]])
    assert text.splitlines() == ["| name | n |", "| --- | ---: |", "| x\\|y | 1 |"]
    for _ in range(2):
        write_between(page, "a", text)
        assert page.read_text() == (
            f"# Prose\n\n<!-- a -->\n\n{text}\n\n<!-- /a -->\n\nmore\n<!-- b -->\nkept\n<!-- /b -->\n"
        )
    with pytest.raises(OptionError, match="<!-- c -->"):
        write_between(page, "c", text)
