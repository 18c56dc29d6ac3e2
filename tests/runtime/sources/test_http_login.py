"""Basic and Digest, by the examples of their standards."""

from __future__ import annotations

import re

import pytest

from runtime.sources.http_login import basic, digest

# RFC 7616, 3.9.1: the same request by two algorithms.
RFC = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
SHA256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
MD5 = "8ca523f5e9506fed4657c9700eebdbec"


def answer(*challenges: str) -> dict[str, str]:
    header = digest(challenges, "Mufasa", "Circle of Life", "/dir/index.html", NONCE)
    assert header is not None
    return dict(re.findall(r'(\w+)="?([^",]*)"?', header.removeprefix("Digest ")))


def test_the_examples_of_the_standard() -> None:
    assert answer(RFC.format("MD5"))["response"] == MD5
    assert answer(RFC.format("SHA-256"))["response"] == SHA256


def test_the_strongest_offer_is_answered() -> None:
    both = answer(RFC.format("MD5"), RFC.format("SHA-256"))
    assert (both["algorithm"], both["response"]) == ("SHA-256", SHA256)
    assert answer('Basic realm="x", ' + RFC.format("SHA-256"))["response"] == SHA256


def test_the_form_before_qop_and_sessions() -> None:
    old = answer('Digest realm="testrealm@host.com", nonce="dcd98b"')
    assert "cnonce" not in old
    assert len(old["response"]) == 32
    assert answer(RFC.format("MD5-sess"))["response"] != MD5


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="x"',
        "",
        "Digest",
        'Digest realm="x", nonce="y", algorithm=WHIRLPOOL',
        'Digest nonce="y", qop="auth-int"',
    ],
)
def test_what_cannot_be_answered_is_not(challenge: str) -> None:
    assert digest([challenge], "u", "p", "/") is None


def test_basic_is_utf_8() -> None:
    assert basic("me", "pä:ss") == "Basic bWU6cMOkOnNz"
