"""What network sources share: how long they wait, and what a failed connection means."""

from __future__ import annotations

CONNECT_TIMEOUT_S = 5.0  # for a connection and its first answer


def explain_connection_error(error: BaseException) -> str:
    """Say what a failed connection means and what to do.

    Args:
        error: What was raised. A URLError is unwrapped.

    Returns:
        The text that follows "cannot open X: " in an error message.
    """
    from urllib.error import URLError  # here: it imports tempfile, shutil and bz2, which no other start needs

    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:g} s; is the camera on, and the address right?"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused; nothing listens there. Is the port right?"
    return str(getattr(cause, "strerror", None) or cause)
