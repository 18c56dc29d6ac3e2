"""Readings that are stable, and when they end."""

from __future__ import annotations

import pytest

from runtime.stream.smoothing import MajorityVote


@pytest.mark.parametrize(
    ("n", "readings", "stable"),
    [
        (1, "7712", "7712"),
        (2, "7717712", "-77777-"),
        (3, "777777", "--7777"),
        (3, "7711177", "----111"),  # three of the last five
        (2, "7789", "-77-"),  # gone for two of three, and nothing in its place
        (3, "7 7 777", "----777"),
    ],
)
def test_n_of_the_last_2n_minus_1_decide(n: int, readings: str, stable: str) -> None:
    vote: MajorityVote[str] = MajorityVote(n)
    assert "".join(vote.update(reading) or "-" for reading in readings) == stable


def test_an_interruption_forgets() -> None:
    vote: MajorityVote[str] = MajorityVote(2)
    assert [vote.update("7"), vote.update("7")] == [None, "7"]
    vote.reset()
    assert [vote.update("7"), vote.update("7")] == [None, "7"]
