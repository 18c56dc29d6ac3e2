"""Faults of an output: each is said once, its end is said once, and the run ends with status 1."""

from __future__ import annotations

from runtime.outputs.base import OutputContext


class FaultReporter:
    """Says that an output fails, when it begins to; and that it works again, when it does.

    Attributes:
        current: The key of the fault that lasts; "" where the output works.

    Example:
        >>> lines = []
        >>> faults = FaultReporter(OutputContext(lines.append, lambda: False, lambda: None), "saved again")
        >>> for _ in range(3):
        ...     faults.report("full", "the disk is full")
        >>> faults.clear()
        >>> lines
        ['error: the disk is full', 'saved again']
    """

    def __init__(self, context: OutputContext, again: str) -> None:
        """Start without a fault.

        Args:
            context: Context of the run.
            again: The line for a person when the fault is over.
        """
        self.current = ""
        self._context = context
        self._again = again

    def report(self, key: str, text: str) -> None:
        """Say a fault, unless it is the one that lasts.

        Args:
            key: What kind of fault it is: the text may name a file, which changes.
            text: What was expected, what came, what to do.
        """
        if key != self.current:
            self.current = key
            self._context.fail(text)

    def clear(self) -> None:
        """Note that the output works; said where it did not."""
        if self.current:
            self.current = ""
            self._context.log(self._again)
