"""Which labels a model without a card gets, and what is said of those it does not get."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.foreign.given import Given
from runtime.foreign.label_choice import Labels, choose_labels
from runtime.foreign.metadata import Metadata

INSIDE = Metadata(labels={0: ("in", "side")}, labels_from={0: "its birds.txt"})


def test_those_given_come_first(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("x\ny")
    chosen = choose_labels(tmp_path / "m.tflite", INSIDE, Given(labels=("a", "b")), 0, 2)
    assert chosen == Labels(("a", "b"), "given")


def test_then_those_inside(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("x\ny")
    assert choose_labels(tmp_path / "m.tflite", INSIDE, Given(), 0, 2) == Labels(("in", "side"), "its birds.txt")


@pytest.mark.parametrize("name", ["m.labels.txt", "m.txt", "labels.txt", "labelmap.txt"])
def test_then_those_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("1 dog\n0 cat")
    chosen = choose_labels(tmp_path / "m.tflite", Metadata(), Given(), 0, 2)
    assert chosen == Labels(("cat", "dog"), f"{name} beside it")


def test_the_models_own_name_before_a_common_one(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("x\ny")
    (tmp_path / "m.txt").write_text("cat\ndog")
    assert choose_labels(tmp_path / "m.tflite", Metadata(), Given(), 0, 2).names == ("cat", "dog")


def test_labels_of_another_number_are_named_and_not_taken(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("x\ny\nz")
    chosen = choose_labels(tmp_path / "m.tflite", Metadata(), Given(), 0, 2)
    assert chosen == Labels(("0", "1"), "", "labels.txt beside it has 3 labels for 2 classes and is not used")
    chosen = choose_labels(tmp_path / "none" / "m.tflite", INSIDE, Given(), 0, 3)
    assert chosen == Labels(("0", "1", "2"), "", "its birds.txt has 2 labels for 3 classes and is not used")


def test_what_is_no_labels_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("a readme\n\nof the model")
    chosen = choose_labels(tmp_path / "m.tflite", Metadata(), Given(), 0, 3)
    assert chosen.names == ("0", "1", "2")
    assert chosen.problem.startswith("m.txt beside it cannot be read (line 2 is empty")
    assert chosen.problem.endswith("and is not used")


def test_latin_1_is_said(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes("Bär\nWolf".encode("latin-1"))
    assert choose_labels(tmp_path / "m.tflite", Metadata(), Given(), 0, 2).by == (
        "labels.txt beside it, not in UTF-8, read as Latin-1"
    )
