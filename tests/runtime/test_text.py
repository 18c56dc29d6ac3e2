"""Texts from outside: what acts on a terminal is escaped, what is long is shortened, JSON is JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest

from runtime.text import ELLIPSIS, printable, shortened, to_json
from tests.runtime.helpers import UNSAFE


@pytest.mark.parametrize("character", UNSAFE)
def test_what_acts_on_a_terminal_is_escaped(character: str) -> None:
    seen = printable(f"a{character}b")
    assert character not in seen
    assert seen.isprintable()
    assert seen.encode().decode("unicode_escape") == f"a{character}b"
    written = to_json([f"a{character}b"])
    assert character not in written
    assert json.loads(written.encode()) == [f"a{character}b"]


def test_no_control_character_and_no_surrogate_is_left_out() -> None:
    every = "".join(chr(code) for code in range(0x110000))
    for text in (printable(every), to_json(every)):
        left = {unicodedata.category(character) for character in set(text)}
        assert not left & {"Cc", "Cs", "Zl", "Zp"}
        assert not {unicodedata.bidirectional(character) for character in set(text)} & {
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "seven", "caf\u00e9", "\u6570\u5b57", "\u05e9\u05d1\u05e2", "a b", "7\\n", "\U0001f600", "\u0928\u094d"],
)
def test_letters_of_all_languages_stay(text: str) -> None:
    assert printable(text) == text
    assert to_json(text) == json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize("limit", [10, 11, 40, 300])
def test_a_long_text_keeps_both_ends(limit: int) -> None:
    for length in (0, limit - 1, limit):
        assert shortened("x" * length, limit) == "x" * length
    text = shortened("start" + "x" * 100_000 + "end", limit)
    assert len(text) == limit
    assert ELLIPSIS in text
    assert text.startswith("star")
    assert text.endswith("d")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json({"score": number})
