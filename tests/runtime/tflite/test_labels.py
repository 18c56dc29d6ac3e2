"""Labels in a text file: how it is read, and what is said of their number."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.errors import ModelError
from runtime.tflite import labels as module
from runtime.tflite.labels import explain_count, read_labels


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_notepads_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "labels.txt"
    for text in ("0 Äpfel\r\n1 Birnen\r\n", "Äpfel\r\nBirnen\r\n"):
        path.write_bytes(text.encode(encoding))
        assert read_labels(path) == module.LabelFile(("Äpfel", "Birnen"))


def test_latin_1_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("Äpfel\nBirnen".encode("latin-1"))
    found = read_labels(path)
    assert found.labels == ("Äpfel", "Birnen")
    assert found.note == "not in UTF-8, read as Latin-1"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x1c\x00\x00\x00TFL3", "expected text, one label a line"),
        (b"\xff\xfe\x00", "expected text in utf-16"),
        ("cat\ndog".encode("utf-16-le"), "expected text, one label a line"),
        (b"cat\n\ndog", "line 2 is empty"),
    ],
)
def test_what_is_no_labels_file_is_one_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint) as raised:
        read_labels(path)
    assert str(raised.value).startswith(f"cannot read labels {path}: ")
    assert "\n" not in str(raised.value)


def test_only_files_of_a_size_that_labels_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"received a folder$|Is a directory$"):
        read_labels(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="received a pipe"):
        read_labels(tmp_path / "pipe")
    with pytest.raises(ModelError, match="received a device"):
        read_labels("/dev/zero")
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    (tmp_path / "large.txt").write_text("cat\ndog")
    with pytest.raises(ModelError, match="expected at most 3 bytes"):
        read_labels(tmp_path / "large.txt")


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (["x"] * 1000, 1001, 'has a background class before them; put a line "background" first'),
        (["x"] * 9, 10, "may have a background class"),
        (["Background", "cat", "dog"], 2, 'no class for the first label, "Background"; take that line out'),
        (["cat", "dog", "???"], 2, 'no class for the last label, "???"; take that line out'),
        (["background", "cat"], 3, "one label for each class"),
        (["cat", "dog", "bird"], 10, "3 labels for 10 classes: expected one label for each class"),
    ],
)
def test_a_background_class_is_the_usual_reason(labels: list[str], classes: int, said: str) -> None:
    assert said in explain_count(labels, classes)
