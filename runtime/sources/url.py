"""The URL of a network camera, as a person types it: with spaces, umlauts, and passwords that are not escaped. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from runtime.errors import SourceError

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?\]|[^\[\]:\s]*)(?::(?P<port>[0-9]*))?")
SAFE = "/?:@&=+$,;!*'()[]~#|^%"  # of a path and a query: stays as it is; % too, because escapes are written with it
MAX_LETTERS = 4000  # of a URL; servers take about 8,000


@dataclass(frozen=True)
class NetworkUrl:
    """A URL in its parts.

    Attributes:
        scheme: Lower case, such as "http".
        user: Decoded; None where there is none.
        password: Decoded; "" where there is none.
        host: As it is looked up: lower case, without brackets, ASCII.
        port: 1 to 65535.
        target: Path and query, escaped, beginning with "/".
    """

    scheme: str
    user: str | None
    password: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port, as a Host header has them: the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Whom a password may be sent to: scheme, host and port."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        """The URL without user and password."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> NetworkUrl:
    """Take a URL apart.

    Args:
        text: Such as "http://me:p@ss#1@camera.local:8080/my stream". A password may have any character, but not /
            or ? after digits alone, where it looks like a port: those are written %2F and %3F.

    Returns:
        Its parts.

    Raises:
        SourceError: There is no host, or the port is not one. The message has nothing of the URL.

    Example:
        >>> parse_url("HTTP://me:p%40ss@Camera/my cam#1").target
        '/my%20cam'
        >>> parse_url("http://me:pa/ss@camera/1").password
        'pa/ss'
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    example = f"{scheme}://host:port/path or {scheme}://user:password@host/path (in a password, / is %2F and ? is %3F)"
    login, host_port, target = _split(rest[:MAX_LETTERS])
    found = HOST.fullmatch(host_port)
    name = _ascii(found["name"].strip("[]")) if found else ""
    if found is None or not name or len(rest) > MAX_LETTERS:
        raise SourceError(f"expected {example}; there is no host in it")
    port = int(found["port"][:9]) if found["port"] else PORTS.get(scheme, 80)
    if not 1 <= port <= 65535:
        raise SourceError(f"expected {example}; its port is not one of 1 to 65535")
    user, _, password = (login or "").partition(":")
    return NetworkUrl(scheme, None if login is None else unquote(user), unquote(password), name, port, target)


def _split(rest: str) -> tuple[str | None, str, str]:
    """What follows "://" as (login, host and port, path and query)."""
    end = re.search(r"[/?#]", rest)
    authority = rest[: end.start()] if end else rest
    at = authority.rfind("@")
    goes_on = end is not None and "@" in rest[end.start() :]
    if end and goes_on and (end[0] == "#" or not HOST.fullmatch(authority[at + 1 :])):
        # user:pa/ss@host: what stands before the / is no host and no port, so the password goes on.
        at = _login_end(rest)
        after = re.search(r"[/?#]", rest[at + 1 :])
        authority = rest[: at + 1 + after.start()] if after else rest
    path = rest[len(authority) :].partition("#")[0]
    target = quote(path if path.startswith("/") else f"/{path}", safe=SAFE, errors="surrogateescape")
    target = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", target)
    return (authority[:at] if at >= 0 else None), authority[at + 1 :], target


def _login_end(rest: str) -> int:
    """Where the last @ is that a host follows; the last one where none does."""
    ends = [found.start() for found in re.finditer("@", rest)]
    hosts = [at for at in ends if re.match(r"(?:\[[^\]]+\]|[\w.-]+)(?::\d+)?(?:[/?]|#(?!.*@)|$)", rest[at + 1 :])]
    return (hosts or ends)[0 if hosts else -1]


def _ascii(host: str) -> str:
    """A host as DNS has it; "" where it cannot be one."""
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return "" if re.search(r"[\x00-\x20\x7f\"<>\\^`{|}@/?#]", name) else name.lower()
