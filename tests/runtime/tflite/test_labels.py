"""Labels in a text file."""

from __future__ import annotations

import pytest

from runtime.tflite.labels import parse_labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("0 cat\n1 big dog\n", ("cat", "big dog")),
        ("0:cat\n1: dog", ("cat", "dog")),
        ("\r\n0 cat\r\n\r\n1 dog\r\n", ("cat", "dog")),
        ("0\n1\n2\n", ("0", "1", "2")),
        ("7 up\n8 ball", ("7 up", "8 ball")),
    ],
)
def test_labels_files_in_their_three_forms(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels
