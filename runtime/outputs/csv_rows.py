"""Predictions as CSV (RFC 4180). Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence

from runtime.results import Prediction
from runtime.text import printable

CSV_HEADER = ("source", "label", "score", "reason", "preprocess_ms", "inference_ms", "top")
CSV_LINE_END = "\r\n"


def prediction_to_csv(source: str, prediction: Prediction) -> str:
    """Write a prediction as one line of CSV.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        The columns of CSV_HEADER, without a line break at the end. `top` is LABEL:SCORE for each candidate, with a
        space between; a label that has letters which a shell would not take as they are is quoted as for a shell, so
        that Python's shlex.split takes the candidates apart.
    """
    return csv_line(
        (
            source,
            prediction.label if prediction.label is not None else "",
            f"{prediction.score:.4f}",
            prediction.reason or "",
            f"{prediction.preprocess_ms:.3f}",
            f"{prediction.inference_ms:.3f}",
            " ".join(f"{_word(c.label)}:{c.score:.4f}" for c in prediction.top),
        )
    )


def csv_line(cells: Sequence[str]) -> str:
    """Write cells as one line of CSV (RFC 4180).

    Args:
        cells: Any texts.

    Returns:
        The line without the line break at its end; cells are quoted where they must be. Line breaks within a cell stay,
        other control characters are escaped. Cells that a spreadsheet would take for a formula stay as they are: a
        class may be called "-1" or "@".

    Example:
        >>> csv_line(["a, b.png", "-1"])
        '"a, b.png",-1'
    """
    import csv

    buffer = io.StringIO()
    # The writer quotes the characters of its own line break.
    csv.writer(buffer, lineterminator=CSV_LINE_END).writerow(
        ["\n".join(printable(line) for line in cell.split("\n")) for cell in cells]
    )
    return buffer.getvalue().removesuffix(CSV_LINE_END)


def _word(label: str) -> str:
    """A label as one word of a line that a shell, or shlex.split, takes apart."""
    if label.isalnum():
        return label
    from shlex import quote  # here: few labels need it

    return quote(label)
