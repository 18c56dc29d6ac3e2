"""No secret of a URL is shown, whatever it is made of; what tells one source from another is."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

import pytest

from runtime.redaction import redacted, scrubbed, scrubbed_urls
from runtime.text import printable

SCHEMES = ("rtsp", "rtsps", "http", "https", "HTTP", "Rtsp", "mqtt", "mqtts", "gopher", "cloud+cam")
HOSTS = ("cam", "cam.local", "10.0.0.2", "localhost", "[fe80::1]", "[::1]", "b\u00fcro-1.example")
KEYS = ("password", "pwd", "token", "key", "auth", "user", "sig", "loginpas", "")
SECRET = "XYZQ"  # letters that only secrets are made of
ODD = "/@#:%?&=;+$!'\"\\ \t\u00e9\u6570~|<>[]{}()*,._-"


@dataclass(frozen=True)
class Case:
    """A URL, where it leads, and its secrets as they are written in it."""

    url: str
    host: str
    secrets: tuple[str, ...]  # the password and the value of the query
    plain: bool  # nothing in it is left to guess: its parts are as RFC 3986 has them


def secret(chance: random.Random) -> str:
    letters = chance.choices(SECRET, k=chance.randrange(4, 9)) + chance.choices(ODD, k=chance.randrange(5))
    chance.shuffle(letters)
    return "".join(letters)


def cases(count: int) -> Iterator[Case]:
    chance = random.Random(22)
    for _ in range(count):
        plain = chance.random() < 0.5
        write = (lambda text: quote(text, safe="")) if plain else str
        made = [write(secret(chance)) for _ in range(5)]
        user, password, path, value, fragment = made
        user = user.replace(":", "")  # what follows is the password
        value = re.split("[&;#]", value)[0]  # what follows is no part of it
        login = chance.choice(["", f"{user}:{password}@", f":{password}@", f"{user}@", f"admin:{password}@"])
        host = chance.choice(HOSTS)
        port = chance.choice(["", ":554", ":65535"])
        tail = chance.choice(["", "/", f"/{path}", f"/live/{path}/1", f"/{path}@2x" if not plain else f"/{path}"])
        query = chance.choice(["", f"?{chance.choice(KEYS)}={value}", f"?channel=1&{chance.choice(KEYS)}={value}&x=y"])
        query += chance.choice(["", "", f"#{fragment}"])
        url = f"{chance.choice(SCHEMES)}://{login}{host}{port}{tail}{query}"
        used = ([password] if f":{password}@" in login else []) + ([value] if f"={value}" in query else [])
        yield Case(url, host + port, tuple(part for part in used if len(part) > 3), plain)


CASES = list(cases(4000))


def leaks(text: str) -> bool:
    return any(letter in text for letter in SECRET)


def test_no_letter_of_a_secret_is_shown() -> None:
    assert sum(leaks(case.url) for case in CASES) > 3000
    found = [(case.url, redacted(case.url)) for case in CASES if leaks(redacted(case.url))]
    assert not found, found[:5]


def test_scheme_and_host_are_shown_where_nothing_is_left_to_guess() -> None:
    for case in CASES:
        shown = redacted(case.url)
        assert shown.startswith(case.url.partition("://")[0] + "://")
        assert redacted(shown) == shown
        assert len(shown) < 60
        if case.plain:
            assert shown.partition("://")[2].removeprefix("***@").removesuffix("/...").rstrip("/") == case.host


def test_no_secret_of_the_command_line_passes_in_the_words_of_others() -> None:
    for case in CASES:
        words = ["--fps", "5", f"--mqtt={case.url}"]
        for form in (case.url, repr(case.url), printable(case.url), f"<{case.url}>"):
            assert not leaks(scrubbed(f"cannot open {form}: no such host", words)), case.url
        for part in case.secrets:
            for form in (part, repr(part), unquote(part)):
                rest = scrubbed(f"nonnumeric port: {form}, sorry", words)
                assert part not in rest
                assert not re.search(f"[{SECRET}]{{4}}", rest), (case.url, part)


def test_urls_in_a_traceback_are_redacted_whoever_wrote_them() -> None:
    for case in CASES:
        if case.plain:
            assert not leaks(scrubbed_urls(f"in open\n  cannot open '{case.url}' now"))


@pytest.mark.parametrize("part", ["@", ":", "/", "a@", "a:@", "%", "&a=", "?", "#", "\ud800", "\\"])
def test_very_long_words_cost_little_and_are_not_shown(part: str) -> None:
    for start in ("", "http://", "me:pass"):
        word = (start + part * 100_000)[:120_000]
        assert len(redacted(word)) <= len(word)
        assert len(scrubbed(f"cannot open {word}", [word])) < 300_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:pa:ss@10.0.0.2/1", "rtsp://***@10.0.0.2/..."),
        ("rtsp://u:pa/ss@127.0.0.1:8555/ok", "rtsp://..."),
        ("rtsp://admin:p@ss/w@cam/1", "rtsp://..."),
        ("rtsp://12/34@cam/1", "rtsp://..."),
        ("mqtt://user:12#34@host/t", "mqtt://..."),
        ("rtsps://cam:7441/aBcDeF?enableSrtp", "rtsps://cam:7441/..."),
        ("http://10.0.0.2:8080/a@b", "http://10.0.0.2/..."),
        ("http://127.0.0.1:8081/ok?user=admin&password=hunter2", "http://127.0.0.1:8081/..."),
        ("rtsp://user:password", "rtsp://..."),
        ("rtsp:/me:secret@cam/1", "rtsp:/***@cam/..."),
        ("me:sec/ret@cam:554/live", "***@cam:554/..."),
        ("http://cam", "http://cam"),
        ("http://cam/", "http://cam/"),
        ("http://", "http://"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    ["0", "-", "/dev/video2", "clip.mp4", "photos/me@home.png", "a:b.png", "dir/a:b@c.png", "*.jpg", "fake://digits",
     "csi://0", "csi://", "", "C:\\pictures\\7.png", "seven.png: not a picture", "://", "://x"],
)  # fmt: skip
def test_what_is_no_url_stays(text: str) -> None:
    assert redacted(text) == text
    assert scrubbed(f"cannot read {text}: no", [text]) == f"cannot read {text}: no"


def test_remedies_show_how_a_url_is_written() -> None:
    remedy = "user and password go into the URL: http://user:password@..., often /stream1 or /live"
    assert scrubbed(remedy, ["http://10.0.0.2:81/stream1", "http://cam/live?channel=1"]) == remedy
