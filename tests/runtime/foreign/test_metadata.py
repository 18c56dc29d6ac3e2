"""TFLite metadata and that of Ultralytics, written by other hands than those that read it."""

from __future__ import annotations

import json
import random

import pytest

from runtime.foreign.graph import read_graph
from runtime.foreign.metadata import METADATA, Metadata, language_of, read_metadata
from tests.runtime.foreign.build import classifier, metadata, with_files


def read(packed: bytes, files: dict[str, str], language: str = "") -> Metadata:
    model = classifier(metadata={METADATA: packed})
    return read_metadata(with_files(model, files) if files else model, read_graph(model), language)


def test_everything_it_says() -> None:
    means, deviations = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    packed = metadata(means, deviations, [("birds.txt", "")], 0.25, {0: "Birds", 5: "MIT"})
    said = read(packed, {"birds.txt": "jay\nwren\ntit\n"})
    assert said.normalization == (means, deviations)
    assert (said.name, said.author, said.license, said.threshold) == ("Birds", "", "MIT", 0.25)
    assert (said.labels, said.labels_from) == ({0: ("jay", "wren", "tit")}, {0: "its birds.txt"})


@pytest.mark.parametrize(("language", "first"), [("", "jay"), ("en", "jay"), ("de", "Häher"), ("fr", "jay")])
def test_labels_of_the_language_that_is_asked_for(language: str, first: str) -> None:
    files = {"none.txt": "0x1\n0x2\n0x3", "de.txt": "Häher\nZaunkönig\nMeise", "en.txt": "jay\nwren\ntit"}
    packed = metadata(labels=[("none.txt", ""), ("de.txt", "de"), ("en.txt", "en")])
    assert read(packed, files, language).labels[0][0] == first


def test_labels_of_no_language_where_there_are_no_others() -> None:
    assert read(metadata(labels=[("l.txt", "")]), {"l.txt": "a\nb\nc"}, "de").labels[0] == ("a", "b", "c")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "its labels l.txt cannot be read (cut short)"),
        ({"other.txt": "a"}, "its labels l.txt cannot be read (its directory is damaged)"),
        ({"l.txt": "a\n\nb"}, "its labels l.txt cannot be read (line 2 is empty"),
    ],
)
def test_labels_that_cannot_be_read_are_a_problem_and_no_error(files: dict[str, str], problem: str) -> None:
    said = read(metadata((0.0,), (255.0,), [("l.txt", "")]), files)
    assert problem in said.problem
    assert said.normalization == ((0.0,), (255.0,))
    assert not said.labels


def test_damaged_metadata_says_nothing_and_that_it_does() -> None:
    sound = metadata((127.5,), (127.5,), [("l.txt", "")], 0.3)
    problems = 0
    for seed in range(500):
        chance = random.Random(seed)
        data = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        problems += bool(read(bytes(data[: chance.randint(1, len(data))]), {}).problem)
    assert problems > 100


NAMES = {"task": "classify", "names": {0: "tench", 1: "goldfish"}, "imgsz": [224, 224], "license": "AGPL-3.0"}


@pytest.mark.parametrize(("entry", "write"), [("metadata.json", json.dumps), ("temp_meta.txt", repr)])
def test_ultralytics(entry: str, write) -> None:  # type: ignore[no-untyped-def]
    model = classifier()
    said = read_metadata(with_files(model, {entry: write(NAMES)}), read_graph(model))
    assert (said.task, said.labels[0], said.license) == ("classify", ("tench", "goldfish"), "AGPL-3.0")


def test_another_metadata_json_is_not_ultralytics() -> None:
    model = classifier()
    for text in ('{"version": 3}', "[1]", "no json"):
        assert read_metadata(with_files(model, {"metadata.json": text}), read_graph(model)) == Metadata()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LC_ALL": "fr_FR", "LANG": "de_DE.UTF-8"}, "fr"),
        ({"LANG": "C.UTF-8"}, ""),
        ({}, ""),
    ],
)
def test_the_language_of_a_person(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
