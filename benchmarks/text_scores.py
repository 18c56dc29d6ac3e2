"""Texts that were read, scored against labels. Pure."""

from __future__ import annotations


def digits_of(label: str) -> str:
    """Reduce a label to what can be read.

    Args:
        label: As the manifest has it.

    Returns:
        Its digits and row breaks.

    Example:
        >>> digits_of("8 + 3/12"), digits_of("none")
        ('83/12', '')
    """
    return "".join(c for c in label if c.isdigit() or c == "/")


def exact_rows(expected: list[str], received: list[str]) -> int:
    """Count the expected rows that were received, in order; each received row counts once.

    Args:
        expected: Rows of the label.
        received: Rows that were read.

    Returns:
        The length of their longest common subsequence.

    Example:
        >>> exact_rows(["12", "34"], ["12", "5", "34"])
        2
    """
    best = [0] * (len(received) + 1)
    for row in expected:
        previous, best = best, [0]
        for j, other in enumerate(received):
            best.append(max(previous[j] + (row == other), previous[j + 1], best[j]))
    return best[-1]


def distance(a: str, b: str) -> int:
    """Levenshtein's distance (1966): the fewest insertions, deletions and substitutions between two texts.

    Args:
        a: A text.
        b: Another.

    Returns:
        Their number.

    Example:
        >>> distance("kitten", "sitting")
        3
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        previous, row = row, [i]
        for j, y in enumerate(b, start=1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
    return row[-1]
