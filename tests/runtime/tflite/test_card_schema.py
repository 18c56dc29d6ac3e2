"""docs/card.schema.json says what the dataclasses of runtime/tflite/card.py say, and cards are valid by it."""

from __future__ import annotations

import copy
import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import ModelError
from runtime.preprocess import FRAMINGS
from runtime.tflite import card, card_fields, card_reader
from runtime.tflite.card import Accuracy, Decision, Golden, GoldenPicture, InputSpec, ModelCard
from runtime.tflite.card_file import split_card
from runtime.tflite.card_reader import read_card
from runtime.tflite.card_versions import ADDED_INPUT, SCHEMA_1_INPUT, SCHEMA_VERSION
from tests.runtime.helpers import ROOT

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = json.loads((ROOT / "docs/card.schema.json").read_text(encoding="utf-8"))
OBJECTS: dict[type, dict[str, Any]] = {ModelCard: SCHEMA} | {
    cls: SCHEMA["$defs"][cls.__name__] for cls in (InputSpec, Decision, Accuracy, Golden, GoldenPicture)
}
ENUMS = {
    (InputSpec, "color"): card.COLORS,
    (InputSpec, "polarity"): card.POLARITIES,
    (InputSpec, "resize"): card.RESIZES,
    (InputSpec, "layout"): card.LAYOUTS,
    (Decision, "output"): card.OUTPUTS,
    (Decision, "choice"): card.CHOICES,
}
# The reader asks for them, whatever their defaults.
NEEDED_IN_FILES: dict[type, set[str]] = {
    ModelCard: {*card_reader.CARD_FIELDS, "schema_version"},
    InputSpec: {*SCHEMA_1_INPUT, *ADDED_INPUT},
    Decision: {*card_reader.DECISION_FIELDS, *card_reader.ADDED_DECISION},
}
JSON_TYPES = {str: "string", int: "integer", float: "number", bytes: "string", Mapping: "object"}


def json_type(hint: Any) -> object:
    """How the schema spells the type of a field."""
    origin = typing.get_origin(hint) or hint
    if origin is types.UnionType:
        return {"anyOf": [json_type(part) for part in typing.get_args(hint)]}
    if origin is type(None):
        return {"type": "null"}
    if origin is tuple:
        return {"type": "array", "items": json_type(typing.get_args(hint)[0])}
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        return {"$ref": f"#/$defs/{origin.__name__}"}
    return {"type": JSON_TYPES[origin]} | ({"contentEncoding": "base64"} if origin is bytes else {})


@pytest.mark.parametrize("cls", OBJECTS, ids=lambda cls: cls.__name__)
def test_every_field_is_there_with_its_type(cls: type) -> None:
    described, hints = OBJECTS[cls]["properties"], typing.get_type_hints(cls)
    assert list(described) == [field.name for field in dataclasses.fields(cls)]
    for name, property_ in described.items():
        expected = json_type(hints[name])
        assert isinstance(expected, dict)
        if "items" in expected:
            assert expected["items"].items() <= property_["items"].items(), name  # it may have bounds as well
            expected = {"type": "array"}
        assert {key: property_.get(key) for key in expected} == expected, name
        assert property_.get("enum") == (list(ENUMS[cls, name]) if (cls, name) in ENUMS else None), name


@pytest.mark.parametrize("cls", OBJECTS, ids=lambda cls: cls.__name__)
def test_fields_are_required_or_have_their_default(cls: type) -> None:
    required = set(OBJECTS[cls]["required"])
    for field in dataclasses.fields(cls):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        assert (field.name in required) == (
            default is dataclasses.MISSING or field.name in NEEDED_IN_FILES.get(cls, ())
        )
        if field.name not in required:
            written = list(default) if isinstance(default, tuple) else default
            assert OBJECTS[cls]["properties"][field.name]["default"] == written, field.name


def test_numbers_and_patterns_are_those_of_the_code() -> None:
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert OBJECTS[InputSpec]["properties"]["framing"]["pattern"] == f"^{card.FRAMING_NAME}$"
    assert OBJECTS[InputSpec]["properties"]["framing"]["examples"] == list(FRAMINGS)
    temperature = OBJECTS[Decision]["properties"]["temperature"]
    assert (temperature["minimum"], temperature["maximum"]) == (card.MIN_TEMPERATURE, card.MAX_TEMPERATURE)
    assert OBJECTS[InputSpec]["properties"]["height"]["maximum"] == card.MAX_SIDE
    assert SCHEMA["properties"]["labels"]["maxItems"] == card_fields.MAX_LABELS
    assert SCHEMA["properties"]["labels"]["items"]["maxLength"] == card_fields.MAX_LABEL
    assert SCHEMA["properties"]["golden"]["maxItems"] == card_reader.MAX_GOLDEN


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def written(model: ModelCard) -> dict[str, Any]:
    """The card as it stands in a file."""
    raw = json.loads(model.to_json())
    assert isinstance(raw, dict)
    return raw


CARDS = {
    "the least": ModelCard("m", "", ("a",), InputSpec()),
    "color": ModelCard("m", "1", ("a", "b"), InputSpec(96, 64, 3, color="rgb", framing="whole", resize="pad")),
    "a framing of one's own": ModelCard("m", "1", ("a",), InputSpec(framing="my-framing_2")),
    "all of it": ModelCard(
        "m",
        "1",
        ("a", "zwölf"),
        InputSpec(polarity="any"),
        Decision("logits", 0.5, 1.0),
        "int8",
        {"seed": 7, "conversion": {"interpreter": "x"}},
        Accuracy(1, 0.5, 0, 10),
        (Golden(b"\x00\xff", b""),),
        "0" * 64,
        golden_pictures=(GoldenPicture(b"\x89PNG", "0" * 64, "a", 0.5),),
        origin={"license": "MIT"},
    ),
    "an adopted file": ModelCard(
        "m",
        "",
        ("a", "b"),
        InputSpec(32, 20, 3, "bgr", framing="whole", mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4), layout="nchw"),
        Decision("sigmoid", choice="many", output_index=1),
        accuracy=Accuracy(None, 0.5, None, 10),
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_what_is_written_is_valid_and_read_back(name: str) -> None:
    jsonschema.validate(written(CARDS[name]), SCHEMA)
    assert read_card(CARDS[name].to_json()) == CARDS[name]


@pytest.mark.parametrize(
    "model", [*(ROOT / "runtime/models").glob("*.tflite"), ROOT / "tests/runtime/data/newer_quantizer.tflite"]
)
def test_real_models_have_valid_cards(model: Path) -> None:
    found = split_card(model.read_bytes())[1]
    assert found is not None
    jsonschema.validate(written(found), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 1),
        (("schema_version",), 3),
        (("labels",), []),
        (("labels",), [1]),
        (("input",), None),
        (("decision",), None),
        (("input", "height"), 0),
        (("input", "height"), 2.5),
        (("input", "height"), "28"),
        (("input", "channels"), 3),
        (("input", "color"), "rgb"),
        (("input", "color"), "cmyk"),
        (("input", "polarity"), "none"),
        (("input", "framing"), "no framing"),
        (("input", "framing"), ""),
        (("input", "resize"), "bend"),
        (("decision", "output"), "vibes"),
        (("decision", "temperature"), 0),
        (("decision", "temperature"), 1001),
        (("decision", "temperature"), 1e-300),
        (("decision", "choice"), "few"),
        (("decision", "output_index"), -1),
        (("input", "std"), [0]),
        (("input", "std"), []),
        (("input", "mean"), ["a"]),
        (("input", "layout"), "chwn"),
        (("input", "height"), 5000),
        (("labels",), [""]),
        (("labels",), ["a" * 201, "b"]),
        (("golden_pictures",), [{"picture": "AA=="}]),
        (("origin",), []),
        (("decision", "temperature"), True),
        (("decision", "reject_threshold"), 1.5),
        (("accuracy",), {"float": 0.9}),
        (("golden",), [{"input": "AA=="}]),
    ],
)
def test_schema_and_reader_refuse_the_same(path: tuple[str, ...], value: object) -> None:
    raw = copy.deepcopy(written(CARDS["all of it"]))
    *parents, last = path
    target = raw
    for key in parents:
        target = target[key]
    target[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, SCHEMA)
    if path != ("schema_version",) or value != 1:  # a reader takes schema 1 by other rules
        with pytest.raises(ModelError, match="card: "):
            read_card(json.dumps(raw))


@pytest.mark.parametrize("where", [(), ("input",), ("decision",), ("accuracy",)])
def test_no_missing_field_that_an_answer_depends_on_is_guessed(where: tuple[str, ...]) -> None:
    raw = written(CARDS["all of it"])
    target = raw[where[0]] if where else raw
    described = SCHEMA["$defs"]["InputSpec" if where == ("input",) else where[0].title()] if where else SCHEMA
    for name in described["required"]:
        kept = target.pop(name)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(raw, SCHEMA)
        with pytest.raises(ModelError, match=f"{name} is missing|schema versions"):
            read_card(json.dumps(raw))
        target[name] = kept
