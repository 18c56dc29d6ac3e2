"""A short part of the fuzzing of URLs; tests.fuzz.urls has it all."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fuzz.urls import SEEDS, check, mutations


@pytest.mark.parametrize("seed", range(4))
def test_mutated_urls(seed: int) -> None:
    for data in islice(mutations(seed), 500):
        check(data)


def test_the_seeds_themselves() -> None:
    for text in (*SEEDS, ""):
        check(text.encode())


def test_mutations_are_the_same_for_the_same_seed() -> None:
    assert list(islice(mutations(7), 50)) == list(islice(mutations(7), 50)) != list(islice(mutations(8), 50))
