"""What the tests of training share."""

from __future__ import annotations

import pytest

from runtime.errors import OptionError


@pytest.fixture(scope="session")
def bfloat16() -> str:
    """The precision of that name, where this machine has it."""
    from train.fused import check

    try:
        check("bfloat16")
    except OptionError as error:
        pytest.skip(f"NOT RUN: {error}")
    return "bfloat16"
