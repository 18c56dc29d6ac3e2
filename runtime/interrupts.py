"""Ctrl-C while a command starts and ends. It is imported before all else, so it imports next to nothing."""

from __future__ import annotations

import _signal as signal  # the names alone: signal itself makes enums of 60 of them, 0.3 ms of every start
import os

INTERRUPTED = 130  # the exit status of a shell's command that Ctrl-C ended


def exit_on_interrupt() -> None:
    """Let Ctrl-C end the process at once with status 130, until `raise_on_interrupt`.

    For the start of a command: while its imports run, a KeyboardInterrupt would be a traceback. Where SIGINT is
    ignored (nohup), or somebody handles it, it is left alone.

    Example:
        >>> exit_on_interrupt()  # doctest: +SKIP
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit_interrupted)


def raise_on_interrupt() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, as Python does, after `exit_on_interrupt`.

    Example:
        >>> raise_on_interrupt()
    """
    if signal.getsignal(signal.SIGINT) is _exit_interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit_interrupted(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
