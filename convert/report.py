"""The parity table as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convert.chance import Quality
from convert.parity import ClassRow, Disagreement, Limits, Parity
from workbench.run_folder import PARITY_FILE
from workbench.tables import plain_table, render

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 10  # disagreements on the screen; parity.json has them all


def parity_text(parity: Parity, limits: Limits, quantization: str, quality: Quality) -> str:
    """Describe a comparison in plain text.

    Args:
        parity: What was measured.
        limits: What must be met.
        quantization: The name of the .tflite's quantization.
        quality: How good the .tflite is.

    Returns:
        How good the model is; a row a class, the figures against their limits, and the first SHOWN disagreements.
    """
    tables = [_classes(parity, quantization), _figures(parity, limits)]
    if parity.disagreements:
        tables.append(_disagreements(parity.disagreements, quantization))
    return f"{quality}\n\n{render(tables)}"


def _classes(parity: Parity, quantization: str) -> Table:
    table = plain_table(f"Parity of Keras and {quantization} .tflite on {parity.n} test images")
    table.add_column("class", max_width=24, overflow="ellipsis", no_wrap=True)
    for name in ("images", "Keras accuracy", f"{quantization} accuracy", "agreement"):
        table.add_column(name, justify="right")
    total = ClassRow("all", parity.n, parity.float_accuracy, parity.quantized_accuracy, parity.agreement)
    for row in (*parity.classes, total):
        if row is total:
            table.add_section()
        fractions = (row.float_accuracy, row.quantized_accuracy, row.agreement)
        table.add_row(row.label, str(row.n), *("-" if x is None else f"{x:.2%}" for x in fractions))
    return table


def _figures(parity: Parity, limits: Limits) -> Table:
    table = plain_table(None)
    for name in ("", "measured", "limit"):
        table.add_column(name, justify="left" if not name else "right")
    max_drop, min_agreement = limits.on(parity.n)
    table.add_row("accuracy drop", f"{parity.drop:.4f}", f"at most {max_drop:.4g}")
    table.add_row("top-1 agreement", f"{parity.agreement:.4f}", f"at least {min_agreement:.4g}")
    table.add_row("largest probability difference", f"{parity.max_difference:.4f}", "")
    return table


def _disagreements(disagreements: Sequence[Disagreement], quantization: str) -> Table:
    count = f"{len(disagreements)} test image{'s' if len(disagreements) != 1 else ''}"
    rest = f", the first {SHOWN}; all of them in {PARITY_FILE}" if len(disagreements) > SHOWN else ""
    table = plain_table(f"{count} answered differently{rest}")
    table.add_column("image", justify="right")
    for name in ("truth", "Keras", f"{quantization} .tflite"):
        table.add_column(name, max_width=28, overflow="ellipsis", no_wrap=True)
    for row in disagreements[:SHOWN]:
        answers = (f"{row.float_label} ({row.float_score:.3f})", f"{row.quantized_label} ({row.quantized_score:.3f})")
        table.add_row(str(row.index), row.truth, *answers)
    return table
