"""What a field of a card may hold: checks that name the field, what it must be, and what came."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from runtime.errors import ModelError

MAX_LABELS, MAX_LABEL = 100_000, 200  # classes; characters of a label, a name, a version
MAX_SHOWN = 60  # characters of a wrong value in a message
LINE_BREAKS = "[\n\r\v\f\x1c-\x1e\x85\u2028\u2029\0\ud800-\udfff]"  # and what no text can hold


def shown(value: object) -> str:
    """A wrong value for a message.

    Args:
        value: Anything.

    Returns:
        Its repr, at most MAX_SHOWN characters of it.

    Example:
        >>> shown("cmyk")
        "'cmyk'"
    """
    text = repr(value[:MAX_SHOWN]) if isinstance(value, (str, bytes, list, tuple)) else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def check_one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Check a choice.

    Args:
        name: Of the field, for the message.
        value: What came.
        allowed: What it may be.

    Raises:
        ModelError: It is none of them.
    """
    if value not in allowed:
        raise ModelError(f"card: {name} must be one of {', '.join(allowed)}; received {shown(value)}")


def is_number(value: object) -> bool:
    """Whether a value is a finite number.

    Args:
        value: What came.

    Returns:
        False for true and false, NaN and infinity too.
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _breaks_lines(text: str) -> bool:
    # What is printable has none of them, and most starts are spared the compiling of an expression.
    return not text.isprintable() and re.search(LINE_BREAKS, text) is not None


def check_text(name: str, value: object) -> None:
    """Check a text of one line that any file can hold.

    Args:
        name: Of the field, for the message.
        value: What came.

    Raises:
        ModelError: It is no text, too long, or has a line break, a NUL or half of a surrogate pair.
    """
    if not isinstance(value, str) or len(value) > MAX_LABEL or _breaks_lines(value):
        raise ModelError(
            f"card: {name} must be a text of one line, at most {MAX_LABEL} characters; received {shown(value)}"
        )


def check_labels(labels: object) -> None:
    """Check the names of classes.

    Args:
        labels: What came; right is a tuple of texts.

    Raises:
        ModelError: There are none or too many, or one is no text of one line.
    """
    if not isinstance(labels, tuple) or not 0 < len(labels) <= MAX_LABELS:
        raise ModelError(f"card: labels must be a list of 1 to {MAX_LABELS} texts; received {shown(labels)}")
    for index, label in enumerate(labels):
        check_text(f"labels[{index}]", label)
        if not label.strip():
            raise ModelError(f"card: labels[{index}] must name its class; received {shown(label)}")
