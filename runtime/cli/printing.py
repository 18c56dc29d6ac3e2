"""What leaves a command: lines on standard output and standard error, escaped, bounded and without secrets."""

from __future__ import annotations

import io
import sys
from types import TracebackType

from runtime.native import discard
from runtime.text import printable, shortened

MAX_LINE = 1000  # characters of a line for a person: values in it may be of any length


def print_lines(text: str) -> None:
    r"""Print what a command was asked for on standard output, at once.

    Args:
        text: One or more lines. What acts on a terminal is escaped; a value that may have a line break of its own, such
            as a label, is escaped where it becomes a part of the text.

    Example:
        >>> print_lines("name  \x1b[2J\ntime  3 ms")
        name  \x1b[2J
        time  3 ms
    """
    print("\n".join(printable(line) for line in text.split("\n")), flush=True)


def print_data(line: str) -> None:
    """Print a line for programs on standard output: JSON, in UTF-8 whatever the locale.

    Args:
        line: Made by `runtime.text.to_json`.

    Example:
        >>> print_data('{"label": "7"}')
        {"label": "7"}
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(encoding="utf-8")
    print(line, flush=True)


def one_line(text: str, limit: int = MAX_LINE) -> str:
    r"""Make a text for a person fit for standard error or a log.

    Args:
        text: It may have line breaks; they become spaces.
        limit: The number of characters that it may have.

    Returns:
        One line without control characters, without the secrets of the command line, the middle left out where it is
        long.

    Example:
        >>> one_line("first\n  second \x1b[2J")
        'first second \\x1b[2J'
    """
    from runtime.redaction import scrubbed  # here: most starts print no such line

    lines = text.split("\n")
    joined = text if len(lines) == 1 else " ".join(line.strip() for line in lines if line.strip())
    return shortened(printable(scrubbed(joined)), limit)


def print_aside(line: str) -> None:
    """Print on standard error. Where that is full nobody hears it, and the command goes on.

    Args:
        line: Made by `one_line`.

    Example:
        >>> print_aside("saved out.png")  # doctest: +SKIP
    """
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)


def print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback as Python does, without secrets and control characters. It is `sys.excepthook` of a command.

    Args:
        kind: Class of the exception.
        error: The exception.
        trace: Where it came from.
    """
    if issubclass(kind, KeyboardInterrupt):  # between the command's end and Python's own
        return
    import traceback  # here: a command that works needs none of it

    from runtime.redaction import scrubbed, scrubbed_urls

    text = scrubbed_urls(scrubbed("".join(traceback.format_exception(kind, error, trace)))).rstrip("\n")
    for line in text.split("\n"):
        print_aside(shortened(printable(line), MAX_LINE))
