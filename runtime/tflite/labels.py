"""Labels in a text file of their own, for a model without a card."""

from __future__ import annotations


def parse_labels(text: str) -> tuple[str, ...]:
    r"""Read a labels file: one a line, bare, `0 cat` or `0:cat`.

    Args:
        text: Text of the file. Empty lines are skipped.

    Returns:
        The labels by index. Numbers are taken as indices only where every line has one and they count up from 0.

    Example:
        >>> parse_labels("0 cat\n1 big dog\n")
        ('cat', 'big dog')
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for separator in (":", None):
        pairs = [line.split(separator, 1) for line in lines]
        if all(len(pair) == 2 and pair[0].strip() == str(i) for i, pair in enumerate(pairs)):
            return tuple(pair[1].strip() for pair in pairs)
    return tuple(lines)
