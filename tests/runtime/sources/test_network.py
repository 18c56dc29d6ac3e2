"""What failed connections mean."""

from __future__ import annotations

import socket
import ssl

import pytest

from runtime.sources.network import explain_connection_error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (TimeoutError(), "no answer within 5 s; is the camera on, and the address right?"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused; nothing listens there"),
        (OSError(113, "No route to host"), "No route to host"),
        (ValueError("no host given"), "no host given"),
        (ConnectionResetError(104, "Connection reset by peer"), "it hangs up; is the port right?"),
        (socket.gaierror(-2, "Name or service not known"), "its name is not known (Name or service not known)"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "it does not speak TLS; is it http://"),
        (FileNotFoundError(2, "No such file or directory"), "--http-ca: No such file or directory"),
    ],
)
def test_what_a_failed_connection_means(error: Exception, meaning: str) -> None:
    assert explain_connection_error(error).startswith(meaning)
