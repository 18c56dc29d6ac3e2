"""Progress bars on standard error, by rich; silence where it is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

Advance = Callable[[int], None]  # told how many steps are done since the last call
ProgressFactory = Callable[[str, int], AbstractContextManager[Advance]]  # as `bar` is: (title, total)


@contextmanager
def bar(title: str, total: int) -> Iterator[Advance]:
    """Show a progress bar.

    Args:
        title: What is going on, before the bar.
        total: How many steps there will be; 0 where that is not known.

    Yields:
        A function to call with the number of steps done since its last call.

    Example:
        >>> with bar("Counting", 3) as advance:
        ...     for _ in range(3):
        ...         advance(1)
    """
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    with make_progress("{task.fields[text]}") as progress:
        task = progress.add_task(title, total=total or None, text="")
        yield lambda steps: progress.update(task, advance=steps)


def make_progress(text: str) -> Progress:
    """Make a rich display with description, bar, count, text and the time that is left.

    Args:
        text: A rich template for the text after the count, such as "{task.fields[text]}".

    Returns:
        A display on standard error that is not started yet; it vanishes when it stops.
    """
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
