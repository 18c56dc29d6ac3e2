"""What every command shares: how options are spelled, how errors end, where output goes."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from runtime import __version__
from runtime.cli.printing import one_line, print_aside, print_traceback
from runtime.errors import EdgeError
from runtime.interrupts import INTERRUPTED, exit_on_interrupt, raise_on_interrupt
from runtime.native import discard, prepare_standard_streams

PROGRAM = "edge-classifier"  # the command of pyproject.toml's [project.scripts]
MAX_ERROR = 300  # characters of an error line: values in it may be of any length
# What a system refuses that is not the program's fault: a write to a full or broken disk, a file that may not be used.
DISK_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
REFUSALS = (*DISK_REFUSALS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """argparse's, told how wide the terminal is.

    To find out by itself it imports shutil, with bz2 and lzma, for an option: about 3 % of the time of `classify`
    and 0.7 % of its memory, measured as in runtime.tflite.container.find, with the same limit.
    """

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        super().__init__(prog, width=int(columns) - 2 if columns.isdigit() else 100)


class Parser(argparse.ArgumentParser):
    """argparse with `--version`, an example under `-h`, and underscores accepted for hyphens.

    Example:
        >>> parser = Parser("python -m runtime.hello", "Greet.", "  python -m runtime.hello --num-times 2")
        >>> _ = parser.add_argument("--num-times", type=int_at_least(1))
        >>> parser.parse(["--num_times", "2"]).num_times
        2
    """

    def __init__(self, prog: str, description: str, example: str) -> None:
        """Make a parser without options of its own but --help and --version.

        Args:
            prog: The command as a person types it. `python -m runtime.NAME` becomes `edge-classifier NAME` where the
                process was started by that command.
            description: One sentence.
            example: Command lines, each indented by two spaces; spelled as `prog` is.
        """
        super().__init__(
            prog=as_called(prog),
            description=description,
            epilog=f"example:\n{as_called(example)}",
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
        self._required: list[tuple[str, str]] = []

    def require(self, option: str, other: str) -> None:
        """Make it a usage error to give an option without another one.

        Args:
            option: "--discovery", for example.
            other: "--mqtt", for example.
        """
        self._required.append((option, other))

    @property
    def actions(self) -> list[argparse.Action]:
        """Every option and argument that was added, those of groups included."""
        return list(self._actions)

    def parse(self, argv: Sequence[str] | None = None) -> argparse.Namespace:
        """Parse a command line; a usage error ends the process with status 2.

        Args:
            argv: The words after the command's name; those of this process where None.

        Returns:
            The options' values.
        """
        words = list(sys.argv[1:] if argv is None else argv)
        end = words.index("--") if "--" in words else len(words)  # what follows is no option
        options = self.parse_args([*self._joined([_hyphenated(word) for word in words[:end]]), *words[end:]])
        for action in self._actions:
            value = getattr(options, action.dest, None)
            if value != action.default and _is_empty(value):
                name = "/".join(action.option_strings) or action.metavar or action.dest
                self.error(f"argument {name}: expected a value; received an empty one. Is a shell variable unset?")
        for option, other in self._required:
            if _value_of(options, option) and not _value_of(options, other):
                self.error(f"argument {option}: needs {other}")
        return options

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and end the process with status 2.

        Args:
            message: It may repeat words of the command line.
        """
        print_aside(f"{self.format_usage()}{self.prog}: error: {one_line(message, MAX_ERROR)}")
        self.exit(2)

    def _joined(self, words: Sequence[str]) -> list[str]:
        """`--scale -1..1` as `--scale=-1..1`: argparse takes what begins with a hyphen for an option."""
        choices = {flag: action.choices for action in self._actions for flag in action.option_strings}
        joined: list[str] = []
        for word in words:
            if joined and word[:1] == "-" and word in (choices.get(joined[-1]) or ()):
                joined[-1] += f"={word}"
            else:
                joined.append(word)
        return joined

    def _print_message(self, message: str, file: object = None) -> None:
        """Print -h and --version. argparse itself drops the error of a full disk, and would end with 0."""
        sys.stdout.write(message)


def _is_empty(value: object) -> bool:
    return value == "" or (isinstance(value, list) and "" in value)


def _value_of(options: argparse.Namespace, option: str) -> object:
    return getattr(options, option.lstrip("-").replace("-", "_"))


def as_called(text: str) -> str:
    """Name this package's commands as the process was started.

    Args:
        text: For a person; it names a command as `python -m runtime.NAME`.

    Returns:
        The text, with `edge-classifier NAME` where the process was started by that command.

    Example:
        >>> as_called("use: python -m runtime.camera clip.mp4")
        'use: python -m runtime.camera clip.mp4'
    """
    is_program = sys.argv[:1] and sys.argv[0].partition(" ")[0] == PROGRAM
    return text.replace("python -m runtime.", f"{PROGRAM} ") if is_program else text


def _hyphenated(word: str) -> str:
    if not word.startswith("--"):
        return word
    flag, equals, value = word.partition("=")
    return flag.replace("_", "-") + equals + value


def print_error(error: object) -> None:
    """Print one line on standard error that starts with `error:`.

    Args:
        error: See `one_line` for what becomes of its text. Commands in it are named by `as_called`.
    """
    print_aside(f"error: {one_line(as_called(str(error)), MAX_ERROR - len('error: '))}")


def print_note(text: str) -> None:
    """Print one line on standard error for a person: progress, a warning, where a file went.

    Args:
        text: See `one_line` for what becomes of it.
    """
    print_aside(one_line(text))


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its exit status.

    EdgeError becomes one line and status 1 (DEBUG=1 shows the traceback), as does what the system refuses: a file that
    may not be read, standard output on a full disk. Ctrl-C becomes status 130. A reader that closes the pipe (`| head`)
    ends the command with status 0.

    Args:
        main: Returns the exit status.
    """
    prepare_standard_streams()
    sys.excepthook = print_traceback
    try:
        raise_on_interrupt()
        status = _status_of(main)
        sys.stdout.flush()
    except EdgeError as error:
        if os.environ.get("DEBUG") == "1":
            raise
        print_error(error)
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        discard(sys.stdout)
        status = 0
    except OSError as error:
        if error.errno not in REFUSALS or os.environ.get("DEBUG") == "1":
            raise
        if error.filename is None:
            discard(sys.stdout)
        print_error(f"{error.filename or 'standard output'}: {error.strerror}")
        status = 1
    exit_on_interrupt()  # what follows is Python's own end
    sys.exit(status)


def _status_of(main: Callable[[], int]) -> int:
    """The exit status, of a command that ends in the parser too: by -h, --version or a usage error."""
    try:
        return main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def int_at_least(low: int, most: int | None = None) -> Callable[[str], int]:
    """An argparse type: a whole number with a lower limit, and perhaps an upper one.

    Args:
        low: The least number that is allowed.
        most: The greatest; None where there is no limit.

    Returns:
        A function from a word of the command line to its number; it raises argparse.ArgumentTypeError.

    Example:
        >>> int_at_least(1)("3")
        3
    """

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number; received {text!r}") from None
        if value < low:
            raise argparse.ArgumentTypeError(f"expected {low} or more; received {value}")
        if most is not None and value > most:
            raise argparse.ArgumentTypeError(f"expected {low} to {most}; received {value}")
        return value

    return parse


def float_between(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number between two limits.

    Args:
        low: The least number that is allowed.
        high: The greatest number that is allowed.

    Returns:
        A function from a word of the command line to its number; it raises argparse.ArgumentTypeError.

    Example:
        >>> float_between(0, 1)("0.5")
        0.5
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a number; received {text!r}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {low:.15g} to {high:.15g}; received {value:g}")
        return value

    return parse
