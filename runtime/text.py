"""Texts from outside, such as labels and file names, made fit to be printed: escaped, short, or JSON. Pure."""

from __future__ import annotations

import re

# What a terminal obeys, or what changes how the rest of a line looks: C0, DEL and C1 control characters, line and
# paragraph separators, bidirectional controls (Unicode's property Bidi_Control, and the deprecated U+206A to U+206F),
# interlinear annotations; and lone surrogates, which no encoding has.
UNSAFE = r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]"
ELLIPSIS = " ... "


def printable(text: str) -> str:
    r"""Escape what would act on a terminal instead of being seen there.

    Args:
        text: Any text.

    Returns:
        The text with control characters, line breaks, bidirectional controls and lone surrogates as backslash escapes.
        A backslash stays as it is.

    Example:
        >>> print(printable("red: \x1b[31m, two\nlines"))
        red: \x1b[31m, two\nlines
    """
    if text.isprintable():
        return text
    return re.sub(UNSAFE, lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def shortened(text: str, limit: int) -> str:
    """Leave out the middle of a long text. What it is about stands at its start, and what to do at its end.

    Args:
        text: Any text.
        limit: Number of characters that the result may have, 10 or more.

    Returns:
        The text, or its two ends with " ... " between them.

    Example:
        >>> shortened("expected 3 labels; received " + "cat, " * 1000 + "dog", 40)
        'expected 3 labels; recei ... t, cat, dog'
    """
    if len(text) <= limit:
        return text
    end = (limit - len(ELLIPSIS)) // 3
    return f"{text[: limit - len(ELLIPSIS) - end]}{ELLIPSIS}{text[len(text) - end :]}"


def to_json(value: object) -> str:
    r"""Write a value as JSON on one line, in letters that are safe on a terminal too.

    Args:
        value: Of dicts with text keys, lists, texts, numbers, booleans and None.

    Returns:
        JSON (RFC 8259), valid UTF-8 when it is encoded: what `printable` would escape is escaped as JSON does it.

    Raises:
        ValueError: A number is infinite or NaN, which JSON does not have.

    Example:
        >>> print(to_json({"label": "caf\u00e9 \x9b31m"}))
        {"label": "café \u009b31m"}
    """
    import json  # here: a start without --json needs none of it

    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    return re.sub(UNSAFE, lambda found: f"\\u{ord(found[0]):04x}", text)
