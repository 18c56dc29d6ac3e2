"""Labels in a text file of their own, in whichever form another tool wrote them."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import ModelError
from runtime.native import read_regular_file
from runtime.tflite.label_forms import parse_labels

MAX_BYTES = 16 * 2**20  # of a labels file; the labels of ImageNet's 21,841 classes have 0.5 MB
BACKGROUNDS = ("background", "???", "unused", "_background_noise_")  # what others call a class 0 that is none

_BYTE_ORDER_MARKS = (  # UTF-32's before UTF-16's, which it begins with
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


@dataclass(frozen=True)
class LabelFile:
    """The labels of a file, and what a person should know of how it was read.

    Attributes:
        labels: Names of the classes by index.
        note: Such as "not in UTF-8, read as Latin-1"; "" where there is nothing to say.
    """

    labels: tuple[str, ...]
    note: str = ""


def read_labels(path: str | Path) -> LabelFile:
    """Read a labels file.

    Args:
        path: The file: text in UTF-8, in UTF-16 or UTF-32 with a byte order mark, else in Latin-1.

    Returns:
        The labels, and a note where the encoding had to be guessed.

    Raises:
        ModelError: The file cannot be read, is no text, or its labels are not one for each class.
    """
    try:
        return decode_labels(read_regular_file(path, MAX_BYTES))
    except OSError as error:
        raise ModelError(f"cannot read labels {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise ModelError(f"cannot read labels {path}: {error}") from None


def decode_labels(data: bytes) -> LabelFile:
    r"""Read the bytes of a labels file.

    Args:
        data: Text in any encoding that `read_labels` takes.

    Returns:
        The labels, and a note where the encoding had to be guessed.

    Raises:
        ValueError: It is no text, or its labels are not one for each class; the message says where.

    Example:
        >>> decode_labels(b"1 dog\n0 cat").labels
        ('cat', 'dog')
    """
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    note = ""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise ValueError(f"expected text in {encoding}, as its first bytes say; it is damaged") from None
        text, note = data.decode("latin-1"), "not in UTF-8, read as Latin-1"
    if "\0" in text:
        raise ValueError(
            f"expected text, one label a line; received bytes that start with {data[:8]!r}. Save it as text in UTF-8"
        )
    return LabelFile(parse_labels(text), note)


def explain_count(labels: Sequence[str], classes: int) -> str:
    """Say why labels and classes do not agree in number.

    Args:
        labels: Another number of them than `classes`.
        classes: Number of the model's classes.

    Returns:
        One line, with the remedy.

    Example:
        >>> explain_count(["background", "cat", "dog"], 2)
        '3 labels for 2 classes: the model has no class for the first label, "background"; take that line out'
    """
    said = f"{len(labels)} labels for {classes} classes"
    if len(labels) == classes + 1:
        for place, label in (("first", labels[0]), ("last", labels[-1])):
            if label.strip().lower() in BACKGROUNDS:
                return f'{said}: the model has no class for the {place} label, "{label}"; take that line out'
    if len(labels) == classes - 1 and not any(label.strip().lower() in BACKGROUNDS for label in labels):
        has = "has" if classes == 1001 else "may have"  # ImageNet's 1000
        return f'{said}: the model {has} a background class before them; put a line "background" first'
    return f"{said}: expected one label for each class. Are they another model's?"
