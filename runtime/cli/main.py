"""edge-classifier: the commands of this package under one name, each the same code as python -m runtime.NAME."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.cli.parser import PROGRAM, Parser, run
from runtime.interrupts import INTERRUPTED


@dataclass(frozen=True)
class Command:
    """One subcommand. Modules are named, not imported: a start imports the one that was asked for.

    Attributes:
        summary: One line for the list of commands.
        module: Runs the command when it is run as `__main__`.
        options: The module whose `build_parser()` returns the command's options; `module` itself where it is "".
    """

    summary: str
    module: str
    options: str = ""


COMMANDS: Mapping[str, Command] = {
    "classify": Command("Say what each picture shows.", "runtime.classify"),
    "camera": Command(
        "Say what a camera or a video shows, a line for each change.", "runtime.camera", "runtime.cli.camera_options"
    ),
    "selftest": Command("Prove that this board computes what the host computed.", "runtime.selftest"),
    "doctor": Command("Check this machine; each fault comes with the command that repairs it.", "runtime.doctor"),
    "benchmark": Command("Time a model on this board.", "runtime.benchmark"),
    "adopt": Command("Give a .tflite of others a card.", "runtime.adopt"),
    "completion": Command("Print a script that completes these commands in a shell.", "runtime.cli.completion"),
}

EXAMPLE = """  edge-classifier classify photo.jpg
  edge-classifier camera /dev/video0 --json
  edge-classifier classify -h"""


def main() -> None:
    """Run the command that the command line names, with the words after it; end with its exit status.

    A command line that names none ends with status 2, `-h` and `--version` with 0.
    """
    words = sys.argv[1:]
    if words and words[0] in COMMANDS:
        # As `python -m` does: the command finds its own words in sys.argv, and is run as __main__.
        sys.argv = [f"{PROGRAM} {words[0]}", *words[1:]]
        try:
            runpy.run_module(COMMANDS[words[0]].module, run_name="__main__")
        except KeyboardInterrupt:  # while the command is imported; its own `run` takes care of what follows
            sys.exit(INTERRUPTED)
    else:
        run(lambda: _explain(words[:1]))


def _explain(words: list[str]) -> int:
    """Answer `-h` and `--version`; anything else is a usage error. Each ends the process."""
    lines = "\n".join(f"  {name:11s} {command.summary}" for name, command in COMMANDS.items())
    parser = Parser(PROGRAM, f"Classify pictures and what a camera sees.\n\ncommands:\n{lines}", EXAMPLE)
    parser.add_argument(
        "command",
        choices=COMMANDS,
        metavar="COMMAND",
        help="one of the commands above; each shows its own options with -h",
    )
    parser.usage = f"{PROGRAM} [-h] [--version] COMMAND ..."
    parser.parse(words)
    return 0


if __name__ == "__main__":
    main()
