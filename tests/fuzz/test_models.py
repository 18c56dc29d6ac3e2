"""A small part of the fuzz of models, the same at every run; `python -m tests.fuzz.models` tries many more."""

from __future__ import annotations

import itertools

import pytest

from tests.fuzz.models import arities, check, mutations
from tests.runtime.helpers import command
from tests.runtime.tflite.flatbuffers import adder, flatbuffer, tiny


def test_damaged_models_end_in_one_line_or_run() -> None:
    """In a process of its own, which forks for every model: this one may have threads."""
    done = command("tests.fuzz.models", "--count", "120", "--seed", "7")
    assert done.returncode == 0, done.stderr
    counts = dict(part.split() for part in done.stderr.strip().splitlines()[-1].split(", "))
    assert set(counts) == {"refused", "runs"}
    assert sum(int(count) for count in counts.values()) == 120


def test_the_damage_is_the_same_for_the_same_seed() -> None:
    first, again = (list(itertools.islice(mutations(3), 40)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 30
    assert first != list(itertools.islice(mutations(4), 40))


def test_every_operator_takes_the_place_once() -> None:
    assert len(set(arities())) == 210 * 5 * 3


def test_sound_models_run() -> None:
    assert check(flatbuffer(tiny())) == "runs"
    assert check(flatbuffer(adder())) == "runs"


def test_a_process_that_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.models.verify_model", lambda _: None)
    monkeypatch.setattr("tests.fuzz.models.explain", lambda *_: "")
    table = adder()
    table.pop(2)
    with pytest.raises(AssertionError, match="the process ended with SIGSEGV"):
        check(flatbuffer(table))
