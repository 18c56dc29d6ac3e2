"""A command in this process: a test that needs no process of its own saves importing TensorFlow again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Done(NamedTuple):
    """A command that has ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str


RunHere = Callable[..., Done]  # the words after python -m train
