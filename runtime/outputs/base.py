"""What every output is."""

from __future__ import annotations

from typing import Protocol

from runtime.stream.answer import StreamUpdate


class Output(Protocol):
    """Where answers go. `emit` does not wait for anything outside the process."""

    def emit(self, answer: StreamUpdate) -> None: ...

    def close(self) -> bool:
        """End it; False where something outside holds it up."""
        ...
