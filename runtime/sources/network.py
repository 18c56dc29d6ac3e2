"""What network sources share: URLs without passwords, and why a connection failed."""

from __future__ import annotations

import re
from urllib.error import URLError

CONNECT_TIMEOUT_S = 5.0


def explain_error(error: BaseException) -> str:
    """What a failed connection means, in words that say what to do."""
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, BaseException) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:g} s; is the camera on, and the address right?"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused; nothing listens there. Is the port right?"
    return str(getattr(cause, "strerror", None) or cause)


def redacted(text: str) -> str:
    """A URL without its password, fit for logs: rtsp://admin:***@camera/1."""
    return re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", text)
