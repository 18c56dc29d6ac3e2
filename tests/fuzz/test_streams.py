"""A short part of the fuzzing of streams; tests.fuzz.streams has it all."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fuzz.streams import SEEDS, check, mutations


@pytest.mark.parametrize("seed", range(4))
def test_mutated_streams(seed: int) -> None:
    for data in islice(mutations(seed), 40):
        check(data)


def test_the_seeds_themselves() -> None:
    for data in (*SEEDS, b""):
        check(data)


def test_mutations_are_the_same_for_the_same_seed() -> None:
    assert list(islice(mutations(7), 20)) == list(islice(mutations(7), 20)) != list(islice(mutations(8), 20))
