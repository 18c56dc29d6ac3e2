"""The errors of a deployment."""

from __future__ import annotations

from runtime.errors import EdgeError


class DeployError(EdgeError):
    """A bundle that cannot be made, or a board that cannot be reached or that rejects it."""
