"""What a person sees of a conversion: the parity table as text, and a progress bar."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from convert.parity import ClassRow, Disagreement, Limits, Parity

WIDTH = 100  # characters, whatever the terminal: a log reads like the screen
SHOWN = 10  # disagreements on the screen; parity.json has them all


def parity_text(parity: Parity, limits: Limits, quantization: str) -> str:
    """Plain text: the figures against their limits, a row a class, and the first disagreements."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(_classes(parity, quantization))
    console.print(_figures(parity, limits, quantization))
    if parity.disagreements:
        console.print(_differences(parity.disagreements, quantization))
    file = console.file
    text = file.getvalue() if isinstance(file, io.StringIO) else ""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while it is a terminal, else silence; yields what to tell the count to."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bars:
        task = bars.add_task(what, total=total)
        yield lambda done: bars.update(task, completed=done)


def _classes(parity: Parity, quantization: str) -> Table:
    table = plain_table(f"Parity of Keras and {quantization} .tflite on {parity.n} test images")
    table.add_column("class", max_width=24, overflow="ellipsis", no_wrap=True)
    for name in ("images", "Keras accuracy", f"{quantization} accuracy", "agreement"):
        table.add_column(name, justify="right")
    rows = [*parity.classes]
    rows.append(ClassRow("all", parity.n, parity.float_accuracy, parity.quantized_accuracy, parity.agreement))
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        shares = (row.float_accuracy, row.quantized_accuracy, row.agreement)
        table.add_row(row.label, str(row.n), *("-" if x is None else f"{x:.2%}" for x in shares))
    return table


def _figures(parity: Parity, limits: Limits, quantization: str) -> Table:
    table = plain_table(None)
    for name in ("", "measured", "limit"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("accuracy drop", f"{parity.drop:.4f}", f"at most {limits.max_accuracy_drop:g}")
    table.add_row("top-1 agreement", f"{parity.agreement:.4f}", f"at least {limits.min_agreement:g}")
    table.add_row("largest probability difference", f"{parity.max_difference:.4f}", "")
    return table


def _differences(found: tuple[Disagreement, ...], quantization: str) -> Table:
    rest = f", the first {SHOWN}; all of them in parity.json" if len(found) > SHOWN else ""
    table = plain_table(f"{len(found)} test image{'s' if len(found) != 1 else ''} answered differently{rest}")
    table.add_column("image", justify="right")
    for name in ("truth", "Keras", f"{quantization} .tflite"):
        table.add_column(name, max_width=28, overflow="ellipsis", no_wrap=True)
    for one in found[:SHOWN]:
        answers = (f"{one.float_label} ({one.float_score:.3f})", f"{one.quantized_label} ({one.quantized_score:.3f})")
        table.add_row(str(one.index), one.truth, *answers)
    return table


def plain_table(title: str | None) -> Table:
    """A table without lines around it: the same on a screen and in a log."""
    return Table(title=title, title_justify="left", title_style="", box=box.SIMPLE, pad_edge=False)
