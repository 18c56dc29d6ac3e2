"""edge-classifier completion: a script that completes its commands and options in bash or zsh.

The script is static: a shell that completes a word starts no Python.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from runtime.cli.main import COMMANDS
from runtime.cli.parser import PROGRAM, Parser, run
from runtime.errors import OptionError

SHELLS = ("bash", "zsh")

EXAMPLE = """  eval "$(edge-classifier completion bash)"
  edge-classifier completion zsh > ~/.zfunc/_edge-classifier"""


def main() -> int:
    """Print the script.

    Returns:
        The exit status: 0.

    Raises:
        OptionError: shtab, which writes the script, is not installed.
    """
    shell = build_parser().parse().shell
    try:
        import shtab  # here: it is an extra, and no other command needs it
    except ImportError:
        raise OptionError(
            "shell completion needs the package shtab: pip install 'edge-classifier[completion]'"
        ) from None
    print(shtab.complete(_with_subcommands(shtab.FILE, shtab.DIRECTORY), shell))
    return 0


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser(f"{PROGRAM} completion", COMMANDS["completion"].summary, EXAMPLE)
    parser.add_argument("shell", choices=SHELLS, help="the shell to print the script for")
    return parser


def _with_subcommands(files: object, folders: object) -> argparse.ArgumentParser:
    """One parser with a subparser for each command; an option that takes a file or folder says what completes it."""
    root = argparse.ArgumentParser(PROGRAM)
    root.add_argument("--version", action="version", version="")
    subparsers = root.add_subparsers()
    for name, command in COMMANDS.items():
        parser: Parser = import_module(command.options or command.module).build_parser()
        for action in parser.actions:
            metavar = str(action.metavar)
            if "FILE" in metavar or "IMAGE" in metavar or metavar == "SOURCE":
                action.complete = files  # type: ignore[attr-defined]  # where shtab looks for it
            elif "FOLDER" in metavar:
                action.complete = folders  # type: ignore[attr-defined]
        subparsers.add_parser(name, parents=[parser], add_help=False, help=command.summary)
    return root


if __name__ == "__main__":
    run(main)
