"""Versions of the card's schema: a card of an earlier one is migrated when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.errors import ModelError
from runtime.tflite.card_fields import shown

SCHEMA_VERSION = 2  # that this runtime writes
SCHEMA_1_INPUT = ("height", "width", "channels", "color", "framing")  # fields of `input` in both versions
ADDED_INPUT = ("mean", "std", "layout")  # by schema 2


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
            f"card: this runtime reads schema versions 1 to {SCHEMA_VERSION}; received {shown(version)}. "
            "Update the runtime, or convert the model again"
        )
    return _from_schema_1(raw) if version == 1 else dict(raw)


def migrate_input(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the `input` of a schema-1 card, which has no version of its own, into the fields of SCHEMA_VERSION.

    Args:
        spec: The JSON object; one of this version comes back as it is.

    Returns:
        `colour` as `color`, framing "frame" as "whole", and no ink_box with that framing.

    Example:
        >>> migrate_input({"colour": "rgb", "framing": "frame", "ink_box": 1})
        {'color': 'rgb', 'framing': 'whole'}
    """
    found = {"color" if key == "colour" else key: value for key, value in spec.items()}
    if found.get("framing") == "frame":
        found["framing"] = "whole"
        found.pop("ink_box", None)
    return found


def _from_schema_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    spec = raw.get("input")
    migrated = spec
    if isinstance(spec, Mapping):  # what schema 2 added is unknown in schema 1, which ignores unknown keys
        migrated = {key: value for key, value in migrate_input(spec).items() if key not in ADDED_INPUT}
    return {**raw, "input": migrated, "schema_version": SCHEMA_VERSION}
