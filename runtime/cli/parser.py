"""What every command shares: how options are spelled, how errors end, where output goes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from runtime import __version__
from runtime.errors import EdgeError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse's, told how wide it is: to find out by itself it loads shutil, bz2 and lzma at every start."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        super().__init__(prog, width=int(columns) - 2 if columns.isdigit() else 100)


class Parser(argparse.ArgumentParser):
    """argparse with `--version`, an example under `-h`, and underscores accepted for hyphens."""

    def __init__(self, prog: str, description: str, example: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"example:\n{example}",
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        self.add_argument("--version", action="version", version=f"edge-classifier {__version__}")
        self._required: list[tuple[str, str]] = []

    def require(self, option: str, other: str) -> None:
        """Make it a usage error to give an option without another one.

        Args:
            option: "--discovery", for example.
            other: "--mqtt", for example.
        """
        self._required.append((option, other))

    def parse(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """Parse `argv` (default: the command line), exiting with status 2 on a usage error."""
        words = list(sys.argv[1:] if argv is None else argv)
        options = self.parse_args([_hyphens(word) for word in words])
        for option, other in self._required:
            if _value(options, option) and not _value(options, other):
                self.error(f"argument {option}: goes with {other}")
        return options


def _value(options: argparse.Namespace, option: str) -> object:
    return getattr(options, option.lstrip("-").replace("-", "_"))


def _hyphens(word: str) -> str:
    if not word.startswith("--"):
        return word
    flag, equals, value = word.partition("=")
    return flag.replace("_", "-") + equals + value


def print_error(error: object) -> None:
    """One `error:` line on standard error, whatever line breaks the text has."""
    print("error:", " ".join(str(error).split()), file=sys.stderr, flush=True)


def print_note(text: str) -> None:
    """One line on standard error for a person: progress, warnings, where files went."""
    print(text, file=sys.stderr, flush=True)


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command's `main` and exit with its status.

    EdgeError becomes one line and status 1 (DEBUG=1 shows the traceback), Ctrl-C status 130, and a
    reader that closed the pipe (`| head`) ends it quietly.
    """
    try:
        status = main()
        sys.stdout.flush()
    except EdgeError as error:
        if os.environ.get("DEBUG") == "1":
            raise
        print_error(error)
        status = 1
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def int_at_least(low: int) -> Callable[[str], int]:
    """An argparse type: a whole number of at least `low`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number; received {text!r}") from None
        if value < low:
            raise argparse.ArgumentTypeError(f"expected {low} or more; received {value}")
        return value

    return parse


def float_between(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from `low` to `high`, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a number; received {text!r}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {low:g} to {high:g}; received {value:g}")
        return value

    return parse
