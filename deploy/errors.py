"""What can go wrong on the way to a board."""

from __future__ import annotations

from runtime.errors import EdgeError


class DeployError(EdgeError):
    """A bundle that cannot be made, or a board that cannot be reached or does not take it."""
