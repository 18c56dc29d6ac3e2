"""The outputs there are: those of this folder by OUTPUTS, those of other packages by their entry points."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from importlib import import_module
from typing import cast

from runtime.cli.parser import Parser
from runtime.errors import OptionError
from runtime.outputs.base import Output, OutputContext, OutputFactory, OutputModule
from runtime.outputs.guard import GuardedOutput
from runtime.plugins import load_plugin, plugin_names

# Modules of this folder, in the order in which they are opened. The console is opened first and shown last: it may wait
# for its reader.
OUTPUTS = ("console", "stats", "mqtt", "recorder", "unsure", "window")
ENTRY_POINTS = "edge_classifier.outputs"


def output_module(name: str) -> OutputModule:
    """Import an output of this folder.

    Args:
        name: One of OUTPUTS.

    Returns:
        Its module.
    """
    return cast(OutputModule, import_module(f"runtime.outputs.{name}"))


def add_options(parser: Parser) -> None:
    """Declare the options of every output, and `--output` for those of other packages.

    Args:
        parser: The camera's parser.
    """
    for name in OUTPUTS:
        output_module(name).add_options(parser)
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="NAME[=ARGUMENT]",
        help="an output that another package brings; more than once for several",
    )


def open_outputs(options: Namespace, context: OutputContext) -> Iterator[Output]:
    """Open what the options ask for, each as it is taken: those before one that fails are the caller's to close.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Yields:
        Outputs, each in a GuardedOutput, in the order of OUTPUTS, then those of `--output`.

    Raises:
        EdgeError: One cannot be opened.
    """
    for name in OUTPUTS:
        output = output_module(name).open_output(options, context)
        if output is not None:
            context.opened.append(name)
            yield _guarded(name, output, context)
    for text in options.output:
        name, _, argument = text.partition("=")
        output = _factory(name)(argument, context)
        context.opened.append(name)
        yield GuardedOutput(f"output {name}", output, context)


def _guarded(name: str, output: Output, context: OutputContext) -> GuardedOutput:
    """An output of this folder, guarded. The console's errors end a run whose readings go nowhere else."""

    def ends_run(error: Exception) -> bool:
        # `| head` has all it wanted, whatever else is open.
        return isinstance(error, BrokenPipeError) or not set(context.opened) - {"console", "stats"}

    if name != "console":
        return GuardedOutput(name, output, context)
    return GuardedOutput("standard output", output, context, ends_run)


def _factory(name: str) -> OutputFactory:
    """The function that opens the output of another package."""
    names = plugin_names(ENTRY_POINTS)
    if name not in names:
        raise OptionError(
            f"--output: expected the name of an installed output; received {name!r}. "
            f"Installed: {', '.join(names) or 'none'}. "
            f"Built in, each with options of its own (see -h): {', '.join(OUTPUTS)}"
        )
    return cast(OutputFactory, load_plugin(ENTRY_POINTS, name, object, OptionError))
