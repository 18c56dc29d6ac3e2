"""The one reader of cards: strict JSON in, a ModelCard out. Nothing that an answer depends on is guessed."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from runtime.errors import ModelError
from runtime.tflite.card import Accuracy, Decision, Golden, GoldenPicture, InputSpec, ModelCard
from runtime.tflite.card_fields import is_number, shown
from runtime.tflite.card_versions import ADDED_INPUT, SCHEMA_1_INPUT, migrate

MAX_DEPTH = 100  # of lists and objects within each other
MAX_GOLDEN = 64  # vectors, and pictures
DIGEST = 64  # characters of a SHA-256

# Fields that have to be there, whatever their value. Those of a framing are for the framing that uses them.
CARD_FIELDS = ("name", "version", "labels", "input", "decision")
DECISION_FIELDS = ("output", "temperature", "reject_threshold")
ADDED_DECISION = ("choice", "output_index")
FRAMING_FIELDS: Mapping[str, tuple[str, ...]] = {"ink": ("polarity", "ink_box"), "whole": ("resize",)}

T = TypeVar("T")


def read_card(text: str) -> ModelCard:
    """Read a card of this version of the schema or an earlier one.

    Args:
        text: A JSON object. Keys that this version does not know are ignored.

    Returns:
        The card, in this version of the schema.

    Raises:
        ModelError: The text is no card; the message names the field at fault.
    """
    original = parse_object(text)
    raw = migrate(original)
    is_old = original.get("schema_version") == 1
    _require(raw, CARD_FIELDS, "")
    labels = raw["labels"]
    raw["labels"] = tuple(labels) if isinstance(labels, list) else labels
    raw["input"] = _input_spec(raw["input"], is_old)
    raw["decision"] = _decision(raw["decision"], is_old)
    if raw.get("accuracy") is not None:
        raw["accuracy"] = _accuracy(raw["accuracy"])
    for name in ("training", "origin"):
        if not isinstance(raw.setdefault(name, {}), Mapping):
            raise ModelError(f"card: {name} must be a JSON object; received {shown(raw[name])}")
    raw["golden"] = tuple(_golden(item) for item in _list(raw, "golden"))
    raw["golden_pictures"] = tuple(_golden_picture(item) for item in _list(raw, "golden_pictures"))
    return _build(ModelCard, raw, "card")


def parse_object(text: str) -> dict[str, Any]:
    """Read a JSON object strictly.

    Args:
        text: JSON, as RFC 8259 has it: NaN and Infinity are no numbers.

    Returns:
        The object.

    Raises:
        ModelError: It is no JSON object, has a key twice, or lists more than MAX_DEPTH deep.

    Example:
        >>> try:
        ...     parse_object('{"labels": ["a"], "labels": ["b"]}')
        ... except ModelError as error:
        ...     print(error)
        card: "labels" is there twice; convert the model again
    """
    try:
        raw = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else error
        raise ModelError(f"card: not valid JSON ({reason}); convert the model again") from None
    if not isinstance(raw, dict):
        raise ModelError(f"card: expected a JSON object; received {type(raw).__name__}")
    _check_depth(raw)
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these pairs. Of a key that is there twice, readers take one or the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ModelError(f'card: "{shown(twice)[1:-1]}" is there twice; convert the model again')
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check_depth(raw: object) -> None:
    level: list[Any] = [raw]
    for _ in range(MAX_DEPTH):
        level = [x for value in level for x in _values(value)]
        if not level:
            return
    raise ModelError(f"card: expected lists at most {MAX_DEPTH} deep; received deeper ones. Convert the model again")


def _values(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return [x for x in value.values() if isinstance(x, (dict, list))]
    return [x for x in value if isinstance(x, (dict, list))] if isinstance(value, list) else ()


def _require(raw: object, names: Iterable[str], where: str) -> Mapping[str, Any]:
    """The object, where it has all these keys."""
    if not isinstance(raw, Mapping):
        raise ModelError(f"card: {where or 'it'} must be a JSON object; received {shown(raw)}")
    for name in names:
        if name not in raw:
            raise ModelError(f"card: {where}{'.' if where else ''}{name} is missing; convert the model again")
    return raw


def _input_spec(raw: object, is_old: bool) -> InputSpec:
    fields = dict(_require(raw, SCHEMA_1_INPUT if is_old else (*SCHEMA_1_INPUT, *ADDED_INPUT), "input"))
    _require(fields, FRAMING_FIELDS.get(str(fields["framing"]), ()), "input")
    for name in ADDED_INPUT:
        if isinstance(fields.get(name), list):
            fields[name] = tuple(fields[name])
    return _build(InputSpec, fields, "input")


def _decision(raw: object, is_old: bool) -> Decision:
    fields = _require(raw, DECISION_FIELDS if is_old else (*DECISION_FIELDS, *ADDED_DECISION), "decision")
    if is_old:
        fields = {name: fields[name] for name in DECISION_FIELDS}
    return _build(Decision, fields, "decision")


def _accuracy(raw: object) -> Accuracy:
    return _build(Accuracy, _require(raw, ("float", "quantized", "agreement", "n"), "accuracy"), "accuracy")


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    items = raw.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or len(items) > MAX_GOLDEN:
        raise ModelError(f"card: {name} must be a list of at most {MAX_GOLDEN} objects; received {shown(items)}")
    return items


def _golden(item: object) -> Golden:
    fields = _require(item, ("input", "output"), "golden")
    return Golden(_bytes(fields, "input"), _bytes(fields, "output"))


def _golden_picture(item: object) -> GoldenPicture:
    fields = _require(item, ("picture", "tensor", "label", "score"), "golden_pictures")
    tensor, label, score = fields["tensor"], fields["label"], fields["score"]
    if not (isinstance(tensor, str) and len(tensor) == DIGEST and isinstance(label, str) and is_number(score)):
        raise ModelError("card: a golden picture must have a SHA-256, a label and a score; convert the model again")
    return GoldenPicture(_bytes(fields, "picture"), tensor, label, score)


def _bytes(fields: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(fields[name], validate=True)
    except (TypeError, ValueError) as error:
        raise ModelError(f"card: a golden vector is damaged ({error}); convert the model again") from None


def _build(cls: type[T], raw: Mapping[str, Any], where: str) -> T:
    """A dataclass from a JSON object: unknown keys are ignored, missing or mistyped ones are named."""
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    try:
        return cls(**{key: value for key, value in raw.items() if key in names})
    except TypeError as error:
        raise ModelError(f"card: {where}: {error}") from None
