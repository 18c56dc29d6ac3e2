"""Fifteen hundred frames; two hundred thousand are `make soak`."""

from __future__ import annotations

import sys

import pytest

from tests.camera.soak import watch

FRAMES, WARM_UP, EVERY = 1500, 300, 200
MAX_GROWTH = 1000  # bytes a frame; a frame of 160x120 pixels has 57,600


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: reads /proc")
def test_nothing_piles_up() -> None:
    uses = watch(FRAMES, 160, 120, warm_up=WARM_UP, every=EVERY)
    assert len(uses) == 7
    assert len({(use.descriptors, use.threads) for use in uses}) == 1
    assert max(use.memory_mb for use in uses) - uses[0].memory_mb < MAX_GROWTH * (FRAMES - WARM_UP) / 1e6
