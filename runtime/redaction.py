"""Secrets kept out of what is printed, logged and published: those of URLs. Pure, but for the words of sys.argv.

A secret in a URL can be a password, but also the user (a token), the query (?password=...) or the path (rtsps://host/TOKEN
of some cameras), and which of them it is cannot be known. So only scheme, host and port of a URL are ever shown.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence

from runtime.text import printable

HIDDEN = "***"
REST = "/..."  # in place of path, query and fragment
# Sources that are written as URLs and name nothing but a device or a picture of this machine.
LOCAL = re.compile(r"(?:fake|csi)://[\w.-]*")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+")
IN_TEXT = r"[A-Za-z][A-Za-z0-9+.-]{0,30}:/+"  # bounded: without that, a long word takes its length squared
HOST = re.compile(r"(?:[\w.-]*|\[[0-9A-Fa-f:.%\w]*\])(?::\d*)?")
ADDRESS = re.compile(r"(?:localhost|\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.]+\])(?=:|$)")  # which no user is called
LOGIN = re.compile(r"[^\s/:@]+:[^\s@].*@([\w.-]+(?::\d+)?)(/.+)?/?")  # a scheme was forgotten
MIN_PIECE = 4  # letters: a shorter part of a URL is a part of many words too
MAX_SEARCHED = 2000  # characters of a URL whose parts are looked for: many times what a URL has
MIN_PATH_PIECE = 12  # letters: a shorter part of a path is a word such as "stream1" or "video.mjpg"


def redacted(text: str) -> str:
    """Show of a URL what cannot be secret: scheme, host and port. It is short, and the same at every call.

    Args:
        text: A source or a broker; one that is no URL, such as a file's name, comes back as it is.

    Returns:
        "scheme://host:port", with "***@" where there is a user or a password and "/..." where there is a path or a
        query. Where an @ comes after the host, nobody can tell a path from a password with / ? or # in it: then a host
        is shown where it is an address, else none.

    Example:
        >>> redacted("rtsp://admin:secret@camera:554/live?token=1")
        'rtsp://***@camera:554/...'
        >>> redacted("rtsp://admin:pa/ss@camera/1")
        'rtsp://...'
    """
    start = URL.match(text)
    if start is None:
        return _without_login(text)
    if LOCAL.fullmatch(text):
        return text
    authority, rest = _split(text[start.end() :])
    _, at, host = authority.rpartition("@")
    if "@" in rest:
        address = ADDRESS.match(authority)
        return start[0] + (f"{address[0]}{REST}" if address else "...")
    if not HOST.fullmatch(host):  # such as user:password, where @host was forgotten
        return f"{start[0]}..."
    return start[0] + (f"{HIDDEN}@" if at else "") + host + (REST if rest.strip("/") else rest)


def scrubbed(text: str, words: Sequence[str] | None = None) -> str:
    """Replace what the command line has of secrets, wherever it stands in a text.

    It is the net under `redacted`: a message of another library may repeat a URL, or a part of one.

    Args:
        text: Such as an error message or a traceback.
        words: The words of the command line; those of this process where None.

    Returns:
        The text with the URLs of the words redacted, and with *** for their passwords, query values and long parts of
        their paths.

    Example:
        >>> scrubbed("nonnumeric port: 'hunter2'", ["http://me:hunter2#@camera/"])
        "nonnumeric port: '***'"
    """
    for word in sys.argv[1:] if words is None else words:
        url = word.partition("=")[2] if word.startswith("--") and "=" in word else word
        shown = redacted(url)
        if shown == url:
            continue
        for form in _forms(url):
            text = text.replace(form, shown)
        for piece in sorted(_secrets(url), key=len, reverse=True):
            # A short one is a part of many words: it counts where it is quoted.
            text = text.replace(piece, HIDDEN) if len(piece) >= MIN_PIECE else text.replace(repr(piece), repr(HIDDEN))
    return text


def scrubbed_urls(text: str) -> str:
    """Redact every URL of a text, whoever wrote it. Not for our own remedies: they show how a URL is written.

    Args:
        text: Such as a traceback.

    Returns:
        The text; a URL in it ends at a space or a quotation mark.

    Example:
        >>> scrubbed_urls("File x.py: cannot open 'http://me:secret@camera/1'")
        "File x.py: cannot open 'http://***@camera/...'"
    """
    return re.sub(rf"""{IN_TEXT}[^\s'"<>]+""", lambda found: redacted(found[0]), text)


def _without_login(text: str) -> str:
    """A text that is no URL: of user:password@host/path the host alone."""
    found = LOGIN.fullmatch(text)
    return f"{HIDDEN}@{found[1]}{REST if found[2] else ''}" if found else text


def _split(rest: str) -> tuple[str, str]:
    """What follows "://" as (authority, path with query and fragment)."""
    end = re.search(r"[/?#\\\s]", rest)
    return (rest[: end.start()], rest[end.start() :]) if end else (rest, "")


def _secrets(url: str) -> set[str]:
    """Parts of a URL that may be secret, as they are written and as they are decoded, in each form of a message."""
    from urllib.parse import unquote  # here: only a message about a URL needs it

    start = URL.match(url)
    rest = (url[start.end() :] if start else url)[:MAX_SEARCHED]
    pieces = set(_passwords(rest))
    pieces |= set(_values(rest))
    pieces |= {part for part in re.split(r"[/?#@]", _split(rest)[1]) if len(part) >= MIN_PATH_PIECE}
    return {form for piece in pieces if piece for text in (piece, unquote(piece)) for form in _forms(text)}


def _values(rest: str) -> Iterator[str]:
    """What may be a value of a query, by each character that may come before it and after it."""
    for start in (found.end() for found in re.finditer("[?=&;]", rest)):
        yield rest[start:]
        yield from (re.split(end, rest[start:], maxsplit=1)[0] for end in ("[&;]", "[&;#]"))


def _forms(text: str) -> tuple[str, ...]:
    """How messages show a text: as it is, as repr has it within its quotation marks, or escaped."""
    return text, repr(text)[1:-1], printable(text)


def _passwords(rest: str) -> Iterator[str]:
    """What may be a password in what follows "://", by each @ that may end it; and its parts, as URL parsers cut it."""
    for at in (found.start() for found in re.finditer("@", rest)):
        password = rest[:at].partition(":")[2] or rest[:at]
        yield password
        yield from re.split(r"[/?#@:]", password)
