"""A file of others becomes a file with a card, which proves itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from deploy.payload import check_model
from runtime.adoption.adopt import NO_PICTURES, adopt
from runtime.classifier import Classifier
from runtime.errors import DataError, ModelError
from runtime.foreign.given import Given
from runtime.foreign.metadata import METADATA
from runtime.foreign.normalization import SCALES
from runtime.tflite.card_file import split_card
from runtime.tflite.golden import selftest
from tests.runtime.adoption.made import COUNT, NAMES, examples, model, pictures
from tests.runtime.foreign.build import classifier, metadata, with_files

NOWHERE = Path("none/m.tflite")
SAID = Given(scale=SCALES["0..1"])


def test_without_pictures_the_card_says_so_and_proves_the_board(tmp_path: Path) -> None:
    made = adopt(classifier(), NOWHERE, SAID)
    path = tmp_path / "o.tflite"
    path.write_bytes(made.data)
    loaded = Classifier.load(path)
    assert loaded.note == ""
    assert dataclasses.replace(loaded.card, sha256="") == made.card
    report = selftest(loaded.interpreter, loaded.card)
    assert (report.faults, report.exact) == ((), 5)
    assert report.tolerance == 0.0  # the same interpreter: to the byte
    check_model(path)
    assert made.card.accuracy is None
    assert ("accuracy", "not measured", NO_PICTURES) in made.rows


def test_pictures_decide_and_measure(tmp_path: Path) -> None:
    made = adopt(model(SCALES["-1..1"], (2, 1, 0)), NOWHERE, Given(), examples())
    card = made.card
    assert (card.input.mean, card.input.std, card.input.color) == ((127.5,), (127.5,), "bgr")
    assert card.labels == NAMES
    assert card.accuracy is not None
    assert card.accuracy.n == COUNT
    assert card.accuracy.quantized > 0.75
    assert card.accuracy.float is None
    decided = card.origin["decided_by"]
    assert decided["normalization"].startswith(f"{COUNT} pictures, loss ")
    assert decided["labels"] == "names of the subfolders, in order"
    path = tmp_path / "o.tflite"
    path.write_bytes(made.data)
    image, truth = pictures(1, NAMES)
    assert Classifier.load(path).predict(image[0][..., ::-1]).top[0].label == NAMES[truth[0]]


def test_the_origin_is_kept() -> None:
    packed = metadata((0.0,), (255.0,), [("l.txt", "")], None, {0: "Birds", 4: "me", 5: "MIT"})
    bare = classifier(metadata={METADATA: packed})
    made = adopt(with_files(bare, {"l.txt": "jay\nwren\ntit"}), NOWHERE, Given())
    origin = made.card.origin
    assert (origin["name"], origin["author"], origin["license"]) == ("Birds", "me", "MIT")
    assert len(origin["sha256"]) == 64
    assert split_card(made.data)[0] == bare  # the flatbuffer with its metadata as it was
    assert made.card.labels == ("jay", "wren", "tit")
    assert json.loads(made.card.to_json())["origin"]["decided_by"]["labels"] == "its l.txt"


def test_the_same_file_and_pictures_give_the_same_bytes() -> None:
    bare = model(SCALES["0..1"])
    assert adopt(bare, NOWHERE, Given(), examples()).data == adopt(bare, NOWHERE, Given(), examples()).data


def test_labels_that_are_off_by_one_are_moved() -> None:
    shifted = (*NAMES[1:], NAMES[0])
    made = adopt(model(SCALES["0..1"]), NOWHERE, Given(labels=shifted), examples())
    assert made.card.labels == NAMES
    assert "moved by one class" in made.card.origin["decided_by"]["labels"]


def test_what_is_no_better_than_chance_gets_no_card() -> None:
    pictures = examples()
    mixed = dataclasses.replace(pictures, truth=np.random.default_rng(1).permutation(pictures.truth))
    given = Given(scale=SCALES["0..1"], color="rgb", resize="stretch", labels=NAMES)
    with pytest.raises(ModelError, match=r"are these its classes, in this order\? \(--allow-useless"):
        adopt(model(SCALES["0..1"]), NOWHERE, given, mixed)
    assert adopt(model(SCALES["0..1"]), NOWHERE, given, mixed, is_useless_allowed=True).card.accuracy is not None


@pytest.mark.parametrize(
    ("bare", "given", "said"),
    [
        (classifier(), Given(), "does not say of which pixels"),
        (classifier((1, 128, 1, 1)), SAID, "is no picture classifier"),
        (classifier()[:300], SAID, "cut short or damaged"),
        (b"no model", SAID, "expected a .tflite model"),
    ],
)
def test_what_cannot_be_adopted_is_one_line(bare: bytes, given: Given, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        adopt(bare, NOWHERE, given)
    assert said in str(raised.value)
    assert len(str(raised.value)) <= 300


def test_a_file_with_a_card_has_one() -> None:
    made = adopt(classifier(), NOWHERE, SAID)
    with pytest.raises(ModelError, match="has a card already"):
        adopt(made.data, NOWHERE, SAID)


def test_pictures_of_other_classes_are_named() -> None:
    with pytest.raises(DataError, match="'dark' of the pictures is no class of the model, which has 4: a, b, c, d"):
        adopt(model(SCALES["0..1"]), NOWHERE, Given(labels=("a", "b", "c", "d")), examples())


def test_a_doubt_is_said() -> None:
    bare = classifier(metadata={METADATA: metadata((0.5,), (0.5,))})
    assert any("unusual range" in note for note in adopt(bare, NOWHERE, Given()).notes)
