"""What network sources share: how long they wait, and what a failed connection means."""

from __future__ import annotations

import socket

CONNECT_TIMEOUT_S = 5.0  # for a connection and its first answer


def explain_connection_error(error: BaseException) -> str:
    """Say what a failed connection means and what to do.

    Args:
        error: What was raised.

    Returns:
        The text that follows "cannot open X: " in an error message.
    """
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:g} s; is the camera on, and the address right?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; nothing listens there. Is the port right?"
    if isinstance(error, ConnectionResetError):
        return "it hangs up; is the port right?"
    if isinstance(error, socket.gaierror):
        return f"its name is not known ({error.strerror}); is it spelled right?"
    reason = getattr(error, "verify_message", None)  # of a certificate, by ssl.SSLCertVerificationError
    if reason:
        return (
            f"its certificate is not trusted here ({reason}); "
            "name the camera's own with --http-ca FILE.pem, or check none with --insecure"
        )
    if isinstance(error, FileNotFoundError):  # of the file that is to say whom to trust
        return f"--http-ca: {error.strerror}"
    if "WRONG_VERSION_NUMBER" in str(error):
        return "it does not speak TLS; is it http:// in place of https://?"
    return str(getattr(error, "strerror", None) or error)
