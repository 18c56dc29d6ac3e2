"""Five thousand frames; two hundred thousand are `make soak`."""

from __future__ import annotations

import sys

import pytest

from tests.camera.soak import MEMORY_MB, watch


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: reads /proc")
def test_nothing_piles_up() -> None:
    uses = watch(5000, 160, 120)
    assert len(uses) == 9
    assert len({(use.descriptors, use.threads) for use in uses}) == 1
    assert max(use.memory_mb for use in uses) - uses[0].memory_mb < 2 * MEMORY_MB
