"""What every video format is."""

from __future__ import annotations

import pytest

from runtime.outputs.video.base import check_dimensions


def test_dimensions_have_a_limit() -> None:
    check_dimensions(1, 65535)
    with pytest.raises(ValueError, match="received 65536x2"):
        check_dimensions(65536, 2)
