"""What failed connections mean."""

from __future__ import annotations

from urllib.error import URLError

import pytest

from runtime.sources.network import explain_connection_error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (TimeoutError(), "no answer within 5 s; is the camera on, and the address right?"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused; nothing listens there"),
        (OSError(113, "No route to host"), "No route to host"),
        (ValueError("no host given"), "no host given"),
        (URLError("no host given"), "no host given"),
    ],
)
def test_what_a_failed_connection_means(error: Exception, meaning: str) -> None:
    assert explain_connection_error(error).startswith(meaning)
    if isinstance(error, OSError) and not isinstance(error, URLError):
        assert explain_connection_error(URLError(error)).startswith(meaning)
