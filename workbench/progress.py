"""Progress bars on standard error, by rich; silence where it is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar for `total` steps; call what it gives with the number of steps done since."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    with make_progress("{task.fields[text]}") as progress:
        task = progress.add_task(title, total=total or None, text="")
        yield lambda steps: progress.update(task, advance=steps)


def make_progress(text: str) -> Progress:
    """A rich display with description, bar, count, `text` (a rich template) and the time that is left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(text),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
