"""Versions of the card's schema: a card of an earlier one is migrated when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.errors import ModelError

SCHEMA_VERSION = 2  # that this runtime writes


def migrate(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a card of any version that this runtime reads into the fields of SCHEMA_VERSION.

    Args:
        raw: The card's JSON object. It is not changed.

    Returns:
        The object in this version; its fields are not checked.

    Raises:
        ModelError: The version is none that this runtime reads.

    Example:
        >>> migrate({"schema_version": 1, "input": {"colour": "gray"}})["input"]
        {'color': 'gray'}
    """
    version = raw.get("schema_version")
    if version not in (1, SCHEMA_VERSION) or isinstance(version, bool):
        raise ModelError(
            f"card: this runtime reads schema versions 1 to {SCHEMA_VERSION}; received {version!r}. "
            "Update the runtime, or convert the model again"
        )
    return _from_schema_1(raw) if version == 1 else dict(raw)


def _from_schema_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`input.colour` is `input.color`, framing "frame" is "whole", and a framing other than "ink" has no ink_box."""
    spec = raw.get("input")
    if isinstance(spec, Mapping):
        spec = {"color" if key == "colour" else key: value for key, value in spec.items()}
        if spec.get("framing") == "frame":
            spec["framing"] = "whole"
            spec.pop("ink_box", None)
    return {**raw, "input": spec, "schema_version": SCHEMA_VERSION}
