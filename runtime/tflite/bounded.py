"""A call into C++ that may never end, within a limit on time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from runtime.errors import ModelError


def run_bounded(call: Callable[[], object], seconds: float) -> None:
    """Make a call in a thread of its own, and leave it there where it does not end.

    For models with loops alone, whose number of turns may hang on the picture: a thread costs 0.1 ms for each picture.
    A thread that is left goes on to compute until the process ends; it does not keep it from ending.

    Args:
        call: Lets other threads run meanwhile, as `invoke` of the interpreters does.
        seconds: How long it may take.

    Raises:
        ModelError: It has not ended. What the call itself raises comes through.
    """
    raised: list[BaseException] = []

    def body() -> None:
        try:
            call()
        except BaseException as error:  # handed over to the caller's thread
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise ModelError(f"the model does not end within {seconds:g} s on this picture: it has a loop without an end")
    if raised:
        raise raised[0]
