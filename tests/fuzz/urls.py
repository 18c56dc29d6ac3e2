"""URLs as people and scripts write them, mutated, through what parses and redacts the sources.

`check` raises where anything but an EdgeError comes out, where a secret is shown, or where a request could be forged.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from runtime.errors import EdgeError
from runtime.redaction import redacted
from runtime.sources.http_login import basic, digest
from runtime.sources.registry import find_scheme, has_video, is_live
from runtime.sources.rtsp import for_ffmpeg
from runtime.sources.url import parse_url

SECRET = "hunter2"
SEEDS = (
    "http://camera/video",
    f"http://admin:{SECRET}@10.0.0.2:8080/video.mjpg?width=640",
    f"https://me:pa/ss{SECRET}@camera.local/my cam/\u00f6#1",
    f"rtsp://me:{SECRET}#1?x@[fe80::1]:8554/Streaming/Channels/101",
    f"RTSPS://user%40home:{SECRET}%2F@camera:322/live",
    f"http://camera/ok?user=admin&password={SECRET}",
    "csi://0",
    "fake://digits",
    "v4l2:///dev/video0",
    "/dev/video3",
)
PIECES = (
    "://", ":", "@", "/", "?", "#", "%", "%00", "%zz", "[", "]", "[::1]", "..", " ", "\r\n", "\n", "\0", "\\", "\u00fc",
    "\udce9", "\u202e", "xn--", "0", "99999", ":65536", "-", "A" * 300, "http://", "rtsp://", "*", "\u0660",
)  # fmt: skip


def mutations(seed: int) -> Iterator[bytes]:
    """URLs without end, the same for the same seed, in UTF-8 with lone surrogates as the command line has them."""
    chance = random.Random(seed)
    while True:
        text = chance.choice(SEEDS)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(text) + 1)
            action = chance.randrange(4)
            if action == 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            elif action == 1:
                text = text[:at] + text[at + chance.randrange(1, 9) :]
            elif action == 2:
                text = (
                    text[:at] + chr(chance.choice((chance.randrange(128), chance.randrange(0x3000)))) + text[at + 1 :]
                )
            else:
                text = text[:at] + chance.choice(SEEDS)[chance.randrange(9) :]
        yield text.encode("utf-8", "surrogateescape")


def check(data: bytes) -> None:
    """Take one URL through every function; AssertionError where that goes wrong."""
    text = data.decode("utf-8", "surrogateescape")
    scheme, separator, _ = text.partition("://")
    is_network = bool(separator) and scheme.isascii() and scheme.isalpha()
    if is_network:
        assert SECRET not in redacted(text) or not _is_hidden_part(text), f"shown: {redacted(text)!r}"
    for function in (find_scheme, is_live, has_video, for_ffmpeg, parse_url):
        said = _said(function, text)
        assert not (is_network and _is_hidden_part(text) and SECRET in said), f"{function.__name__} shows it: {said}"
    try:
        url = parse_url(text)
    except EdgeError:
        return
    for line in (url.target, url.authority, basic(url.user or "", url.password)):
        line.encode("ascii")
        assert not any(letter <= " " or letter == "\x7f" for letter in line.replace("Basic ", "")), repr(line)
    digest(['Digest realm="r", nonce="n", qop="auth"'], url.user or "", url.password, url.target)
    assert parse_url(str(url)).origin == url.origin
    assert parse_url(str(url)).target == url.target


def _said(function: Callable[[str], object], text: str) -> str:
    """The error of a function; "" where it has none."""
    try:
        function(text)
    except EdgeError as error:
        return str(error)
    return ""


def _is_hidden_part(text: str) -> bool:
    """Whether the secret stands where one can: behind a user, or in a path or a query."""
    rest = text.partition("://")[2]
    before = rest.partition(SECRET)[0]
    return SECRET in rest and any(mark in before for mark in "/?#:@") and "://" not in rest
