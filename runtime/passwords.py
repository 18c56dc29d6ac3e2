"""Passwords from a file or the environment: a command line is shown to every user of a board, by `ps`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from runtime.errors import OptionError

MAX_BYTES = 4096


def find_password(option: str, file: str | None, variable: str) -> str | None:
    """Read a password.

    Args:
        option: The option that names the file, for errors.
        file: The file's name; None where none was named.
        variable: The environment variable that has it where no file is named.

    Returns:
        The password without a line break at its end; None where neither has one.

    Raises:
        OptionError: The file cannot be read, or has no password. The error does not repeat it.

    Example:
        >>> find_password("--password-file", None, "no variable") is None
        True
    """
    if file is None:
        return os.environ.get(variable) or None
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        text = data.decode().rstrip("\r\n")
    except OSError as error:
        raise OptionError(f"{option}: cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError(f"{option}: expected a password in UTF-8 in {file}; received other bytes") from None
    if not text or len(data) > MAX_BYTES or "\n" in text or "\0" in text:
        raise OptionError(f"{option}: expected one line with a password in {file}, of at most {MAX_BYTES} bytes")
    return text


def with_password(source: str, password: str) -> str:
    """Put a password into the URL of a source, behind its user.

    Args:
        source: scheme://user@host/...
        password: Any text.

    Returns:
        scheme://user:password@host/..., the password encoded.

    Raises:
        OptionError: The URL has no user, or a password already.

    Example:
        >>> with_password("rtsp://admin@camera/1", "p@ss/w")
        'rtsp://admin:p%40ss%2Fw@camera/1'
    """
    scheme, separator, rest = source.partition("://")
    login, at, place = rest.partition("@")
    if not separator or not at or "/" in login or ":" in login or not login:
        raise OptionError(
            "the source's password is in a file or the environment: expected a source such as rtsp://user@host/path, "
            "with a user and without a password"
        )
    return f"{scheme}://{login}:{quote(password, safe='')}@{place}"
