"""Labels in a text file, in every form that other tools write."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

import pytest

from runtime.tflite.label_forms import parse_labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("0 cat\n1 big dog\n", ("cat", "big dog")),
        ("0:cat\n1: dog", ("cat", "dog")),
        ("\r\n0 cat\r\n\r\n1 dog\r\n", ("cat", "dog")),
        ("0\n1\n2\n", ("0", "1", "2")),
        ("1 dog\n0 cat", ("cat", "dog")),
        ("0,cat\n1,dog", ("cat", "dog")),
        ('0,"cat, black"\n1,dog', ("cat, black", "dog")),
        ("0\tcat\n1\tdog", ("cat", "dog")),
        ("0. cat\n1. dog", ("cat", "dog")),
        ("id,name\n1,dog\n0,cat", ("cat", "dog")),
        ("cat,1\ndog,0", ("dog", "cat")),
        ("0 degrees\n1 degrees", ("0 degrees", "1 degrees")),
        ("10 euro\n20 euro\n50 euro", ("10 euro", "20 euro", "50 euro")),
        ("3 dogs\ncat", ("3 dogs", "cat")),
        ("cat\u2028black\ndog\x0b", ("cat\u2028black", "dog")),
        ("names:\nfoo\nbar", ("names:", "foo", "bar")),
        ("- cat\n- dog", ("cat", "dog")),
        ("names:\n  0: cat\n  1: dog  # a comment\nnc: 2", ("cat", "dog")),
        ("nc: 2\nnames: ['big cat',\n  dog]\n", ("big cat", "dog")),
        ("names: {0: cat, 1: 'do, g'}", ("cat", "do, g")),
        ("path: x\nnames:\n- cat\n- dog\n", ("cat", "dog")),
        ("item {\n id: 1\n name: 'cat'\n}\nitem { id: 2 display_name: \"dog\" }", ("cat", "dog")),
        ("item { name: 'cat' id: 0 } item { name: 'dog' id: 1 }", ("cat", "dog")),
        ('["cat", "dog"]', ("cat", "dog")),
        ('{"1": "dog", "0": "cat"}', ("cat", "dog")),
        ('{"dog": 1, "cat": 0}', ("cat", "dog")),
        ("{0: 'cat', 1: 'dog'}", ("cat", "dog")),
        ('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', ("tench", "goldfish")),
        ('[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]', ("cat", "dog")),
        ('{"nc": 2, "names": {"0": "cat", "1": "dog"}}', ("cat", "dog")),
    ],
)
def test_every_form(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels
    assert parse_labels("\ufeff" + text) == labels


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "file is empty"),
        ("\n \n", "file is empty"),
        ("cat\n\ndog\n", "line 2 is empty"),
        ("\ncat\ndog\n", "line 1 is empty"),
        ("1 cat\n2 dog", "1 to 2 and 0 is left out"),
        ("0 cat\n2 dog", "0 to 2 and 1 is left out"),
        ("7 up\n8 ball", "7 to 8 and 0 is left out"),
        ("0 cat\n0 dog", "class 0 is there twice, as 'cat' and 'dog'"),
        ("0 cat\n1 dog\nbird\n3 fish", "'bird' has none"),
        ("0:\n1:dog", "label of class 0 is empty"),
        ('["cat", ""]', "label of class 1 is empty"),
        ('["cat"', "cut short"),
        ("[" * 100000, "cut short"),
        ('["cat", null]', "expected a text for each label"),
        ('{"a": "cat"}', "expected numbers of classes"),
        ('{"0": "cat", "2": "dog"}', "1 is left out"),
        ("[]", "there are none"),
        ("names:\n  0: cat\n  2: dog\n", "1 is left out"),
        ("item { name: 'cat' }", "no id or no name"),
    ],
)
def test_what_cannot_be_right_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_labels(text)


def write_text(names: Sequence[str], separator: str, order: Sequence[int]) -> str:
    return "\n".join(f"{i}{separator}{names[i]}" for i in order)


WRITERS: dict[str, Callable[[Sequence[str], Sequence[int]], str]] = {
    "spaces": lambda names, order: write_text(names, " ", order),
    "colons": lambda names, order: write_text(names, ":", order),
    "commas": lambda names, order: write_text(names, ",", order),
    "tabs": lambda names, order: write_text(names, "\t", order),
    "json object": lambda names, order: json.dumps({str(i): names[i] for i in order}),
    "python dict": lambda names, order: repr({i: names[i] for i in order}),
    "yaml": lambda names, order: "names:\n" + "\n".join(f"  {i}: {names[i]}" for i in order),
    "label map": lambda names, order: "\n".join(f"item {{ id: {i + 1} name: '{names[i]}' }}" for i in order),
}


@pytest.mark.parametrize("form", WRITERS)
def test_labels_go_by_their_numbers_in_whatever_order(form: str) -> None:
    words = ["tabby", "a b", "Ägypten", "x-ray", "espresso", "no 7", "(null)", "bird's eye" if form == "yaml" else "b"]
    for seed in range(20):
        chance = random.Random(seed)
        names = [f"{chance.choice(words)} {chance.choice('pqrs')}{i}" for i in range(chance.randint(2, 30))]
        order = chance.sample(range(len(names)), len(names))
        assert parse_labels(WRITERS[form](names, order)) == tuple(names), (form, seed)
