"""A small part of the mutated pictures, the same each time. Many more: python -m tests.fuzz.pictures 100000"""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fuzz.pictures import check, mutations, seeds


def test_what_mutations_start_from_is_read() -> None:
    assert all(check(data) for data in seeds())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_mutated_picture_is_read_or_refused(seed: int) -> None:
    read = [check(data) for data in islice(mutations(seed), 400)]
    assert 0 < sum(read) < len(read)


def test_a_seed_gives_the_same_files() -> None:
    assert list(islice(mutations(4), 20)) == list(islice(mutations(4), 20))
