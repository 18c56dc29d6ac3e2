"""A short part of the fuzz of cards (make fuzz)."""

from __future__ import annotations

from itertools import islice

from tests.fuzz.cards import check, mutations


def test_mutated_cards() -> None:
    for data in islice(mutations(0), 2000):
        check(data)
