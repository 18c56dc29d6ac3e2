"""What every output is."""

from __future__ import annotations

from typing import Protocol

from runtime.stream.answer import Answer


class Output(Protocol):
    """Where answers go. `show` does not wait for anything outside the process."""

    def show(self, answer: Answer) -> None: ...

    def close(self) -> bool:
        """End it; False where something outside holds it up."""
        ...
