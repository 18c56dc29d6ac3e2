"""URLs as people type them."""

from __future__ import annotations

import pytest

from runtime.errors import SourceError
from runtime.sources.url import parse_url


@pytest.mark.parametrize(
    ("text", "user", "password", "origin", "target"),
    [
        ("http://camera", None, "", ("http", "camera", 80), "/"),
        ("HTTP://Camera:8080/Video", None, "", ("http", "camera", 8080), "/Video"),
        ("https://camera?a=b", None, "", ("https", "camera", 443), "/?a=b"),
        ("http://me:p%40ss@camera/1", "me", "p@ss", ("http", "camera", 80), "/1"),
        ("http://me:p@ss@camera/1", "me", "p@ss", ("http", "camera", 80), "/1"),
        ("http://me:pa/ss@camera:81/1", "me", "pa/ss", ("http", "camera", 81), "/1"),
        ("http://me:pa?ss@camera/1", "me", "pa?ss", ("http", "camera", 80), "/1"),
        ("http://me:12#34@camera/1", "me", "12#34", ("http", "camera", 80), "/1"),
        ("http://me:p@ss word#1@camera/1", "me", "p@ss word#1", ("http", "camera", 80), "/1"),
        ("http://me:p@ss#1@camera/1#x", "me", "p@ss#1", ("http", "camera", 80), "/1"),
        ("http://me:pa/ss@camera/a@b", "me", "pa/ss", ("http", "camera", 80), "/a@b"),
        ("http://me:a:b@camera/1", "me", "a:b", ("http", "camera", 80), "/1"),
        ("http://me@camera/", "me", "", ("http", "camera", 80), "/"),
        ("http://:@camera/", "", "", ("http", "camera", 80), "/"),
        ("http://10.0.0.2:8080/a@b", None, "", ("http", "10.0.0.2", 8080), "/a@b"),
        ("http://camera/a?user=me@home", None, "", ("http", "camera", 80), "/a?user=me@home"),
        ("http://camera/my cam/ö?q=ü#part", None, "", ("http", "camera", 80), "/my%20cam/%C3%B6?q=%C3%BC"),
        ("http://camera/a%20b%", None, "", ("http", "camera", 80), "/a%20b%25"),
        ("http://me:x@[fe80::1]:81/", "me", "x", ("http", "fe80::1", 81), "/"),
        ("http://kamera-tür.local/", None, "", ("http", "xn--kamera-tr-x9a.local", 80), "/"),
        ("rtsp://me:x@camera/1", "me", "x", ("rtsp", "camera", 554), "/1"),
    ],
)
def test_the_parts_of_a_url(
    text: str, user: str | None, password: str, origin: tuple[str, str, int], target: str
) -> None:
    url = parse_url(text)
    assert (url.user, url.password, url.origin, url.target) == (user, password, origin, target)
    assert parse_url(str(url)).origin == origin


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http:///x",
        "http://:80/",
        "http://me:secret@",
        "http://camera:99999/",
        "http://camera:secret/",
        "http://a b/",
        "http://a\r\nb/",
        "http://" + "a" * 9999,
        "http://ö..secret/",
        "http://[secret/",
    ],
)
def test_what_is_no_url_is_one_line_without_any_of_it(text: str) -> None:
    with pytest.raises(
        SourceError, match=r"^expected http://host:port/path or http://user:password@host/path"
    ) as caught:
        parse_url(text)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_nothing_of_a_url_breaks_out_of_its_line_of_the_request() -> None:
    assert parse_url("http://camera/a\r\nX: y").target == "/a%0D%0AX:%20y"
