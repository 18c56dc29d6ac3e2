"""The contract: what a model was promised to see, written inside its own .tflite file.

A card is a zip appended to the flatbuffer (`card.json`, and `labels.txt` where other TFLite
tools look for labels). TFLite interpreters read the flatbuffer from the front and never see it;
zip tools read from the back and never see the flatbuffer. One file, nothing to lose beside it.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runtime.errors import ModelError
from runtime.tflite import container

try:  # as random.py does: hashlib would load OpenSSL, 3.5 MiB for one sum
    from _sha2 import sha256  # CPython 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256
    except ImportError:
        from hashlib import sha256

SCHEMA_VERSION = 2
CARD_FILE = "card.json"
LABELS_FILE = "labels.txt"

COLORS = ("gray", "rgb")
POLARITIES = ("light-on-dark", "dark-on-light", "any")
FRAMINGS = ("ink", "whole")  # the built-in ones; runtime.preprocess.load_framing looks up any other name
RESIZES = ("stretch", "crop", "pad")
OUTPUTS = ("probabilities", "logits")

T = TypeVar("T")
Fraction = float  # 0 to 1; a field below is named float


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ModelError(f"card: {name} must be one of {', '.join(allowed)}; received {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True)
class InputSpec:
    """What a picture becomes before the model sees it.

    height, width: pixels. channels: 1 (`color` "gray") or 3 ("rgb").
    polarity: what the model was trained on; pictures the other way round are inverted
        (framing "ink" only; "any" leaves them).
    framing: "ink" finds the mark, scales its longer side to `ink_box` pixels and centers its mass,
        which is how MNIST was made (LeCun et al. 1998); "whole" takes the whole picture, by `resize`.
    """

    height: int = 28
    width: int = 28
    channels: int = 1
    color: str = "gray"
    polarity: str = "light-on-dark"
    framing: str = "ink"
    ink_box: int = 20
    resize: str = "stretch"

    def __post_init__(self) -> None:
        for name in ("height", "width", "channels", "ink_box"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ModelError(f"card: input.{name} must be a whole number above 0; received {value!r}")
        _one_of("input.color", self.color, COLORS)
        _one_of("input.polarity", self.polarity, POLARITIES)
        if not isinstance(self.framing, str) or not self.framing.replace("-", "_").isidentifier():
            raise ModelError(
                f"card: input.framing must be {', '.join(FRAMINGS)}, or a framing's name; received {self.framing!r}"
            )
        _one_of("input.resize", self.resize, RESIZES)
        if self.channels != (1 if self.color == "gray" else 3):
            raise ModelError(
                f"card: input.color {self.color!r} has {1 if self.color == 'gray' else 3} channel(s); "
                f"received input.channels = {self.channels}"
            )
        if self.framing == "ink" and (self.color != "gray" or self.ink_box > min(self.height, self.width)):
            raise ModelError(
                "card: framing 'ink' needs color 'gray' and an ink_box that fits the input; received "
                f"color {self.color!r}, ink_box {self.ink_box}, input {self.height}x{self.width}"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one model input."""
        return (self.height, self.width, self.channels)


@dataclass(frozen=True)
class Decision:
    """How scores become an answer.

    output: what the last tensor holds, "probabilities" or "logits".
    temperature: logits are divided by it before softmax (Guo et al. 2017); 1.0 changes nothing.
    reject_threshold: a best score below it is "unsure". 0 to 1; 0 never abstains.
    """

    output: str = "probabilities"
    temperature: float = 1.0
    reject_threshold: float = 0.0

    def __post_init__(self) -> None:
        _one_of("decision.output", self.output, OUTPUTS)
        if not _is_number(self.temperature) or not 0 < self.temperature < 1000:
            raise ModelError(f"card: decision.temperature must be above 0; received {self.temperature!r}")
        if not _is_number(self.reject_threshold) or not 0 <= self.reject_threshold <= 1:
            raise ModelError(f"card: decision.reject_threshold must be 0 to 1; received {self.reject_threshold!r}")


@dataclass(frozen=True)
class Accuracy:
    """Measured at conversion, on the same `n` test images. Fractions, 0 to 1."""

    float: Fraction
    quantized: Fraction
    agreement: Fraction
    n: int


@dataclass(frozen=True)
class Golden:
    """One self-test vector: the bytes of one model input (uint8, before quantization) and the bytes
    of the output tensor that this very file gave on the machine that converted it."""

    input: bytes
    output: bytes


@dataclass(frozen=True)
class ModelCard:
    """All a device needs to know of a model. `training` is free-form: dataset, images, recipe, seed,
    package versions. `sha256` is that of the model bytes without the card; "" before conversion."""

    name: str
    version: str
    labels: tuple[str, ...]
    input: InputSpec
    decision: Decision = Decision()
    quantization: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    accuracy: Accuracy | None = None
    golden: tuple[Golden, ...] = ()
    sha256: str = ""
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """The card as indented JSON; bytes are base64."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, default=_encode_bytes)

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read what `to_json` wrote. Raises ModelError that names the field at fault."""
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise ModelError(f"card: not valid JSON ({error}); convert the model again") from None
        if not isinstance(raw, dict):
            raise ModelError(f"card: expected a JSON object; received {type(raw).__name__}")
        version = raw.get("schema_version")
        if version not in (1, SCHEMA_VERSION):
            raise ModelError(
                f"card: this runtime reads schema versions 1 to {SCHEMA_VERSION}; received {version!r}. "
                "Update the runtime, or convert the model again"
            )
        if version == 1:
            raw = _from_schema_1(raw)
        labels = raw.get("labels")
        if not isinstance(labels, list) or not labels or not all(isinstance(x, str) for x in labels):
            raise ModelError(f"card: labels must be a list of strings; received {labels!r}")
        raw["labels"] = tuple(labels)
        raw["input"] = _build(InputSpec, raw.get("input"), "input")
        raw["decision"] = _build(Decision, raw.get("decision"), "decision")
        if raw.get("accuracy") is not None:
            raw["accuracy"] = _build(Accuracy, raw["accuracy"], "accuracy")
        raw["golden"] = tuple(_golden(item) for item in raw.get("golden") or ())
        return _build(cls, raw, "card")


def _from_schema_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A card of schema 1 in the words of schema 2.

    `input.colour` is `input.color`, the framing "frame" is "whole", and a framing other than "ink" has no ink_box.
    """
    spec = raw.get("input")
    if isinstance(spec, Mapping):
        spec = {"color" if key == "colour" else key: value for key, value in spec.items()}
        if spec.get("framing") == "frame":
            spec["framing"] = "whole"
            spec.pop("ink_box", None)
    return {**raw, "input": spec, "schema_version": SCHEMA_VERSION}


def attach_card(model: bytes, card: ModelCard) -> bytes:
    """`model` (a bare .tflite flatbuffer) with `card` appended; fills in the card's sha256.

    The same arguments always give the same bytes.
    """
    card = dataclasses.replace(card, sha256=sha256(model).hexdigest())
    return container.attach(model, {CARD_FILE: card.to_json(), LABELS_FILE: "\n".join(card.labels) + "\n"})


def split_card(data: bytes) -> tuple[bytes, ModelCard | None]:
    """(the bare flatbuffer, its card) from the bytes of a .tflite; the card is None where there is none.

    Raises ModelError where a card is there and cannot be read, or its sha256 is not that of the model.
    """
    try:
        start, packed = container.find(data, CARD_FILE)
        if packed is None:
            return data[:start], None
        text = packed.decode("utf-8")
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise ModelError(f"card: cannot be unpacked ({error}); the file is damaged, copy or convert it again") from None
    card = ModelCard.from_json(text)
    model = data[:start]
    digest = sha256(model).hexdigest()
    if digest != card.sha256:
        raise ModelError(
            f"card: expected a model with sha256 {card.sha256[:12]}...; received {digest[:12]}.... "
            "The file is damaged or the card is another model's: copy or convert it again"
        )
    return model, card


def parse_labels(text: str) -> tuple[str, ...]:
    """Labels from a labels file: one a line, bare, `0 cat` or `0:cat`. Empty lines are skipped.

    Numbers are taken as indices only where every line has one and they count up from 0.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for separator in (":", None):
        pairs = [line.split(separator, 1) for line in lines]
        if all(len(pair) == 2 and pair[0].strip() == str(i) for i, pair in enumerate(pairs)):
            return tuple(pair[1].strip() for pair in pairs)
    return tuple(lines)


def _encode_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"cannot write {type(value).__name__} into a card")


def _golden(item: object) -> Golden:
    try:
        fields = dict(item)  # type: ignore[call-overload]
        return Golden(*(base64.b64decode(fields[key], validate=True) for key in ("input", "output")))
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(f"card: a golden vector is damaged ({error}); convert the model again") from None


def _build(cls: type[T], raw: object, where: str) -> T:
    """A dataclass from a JSON object: unknown keys are ignored, missing or mistyped ones are named."""
    if not isinstance(raw, Mapping):
        raise ModelError(f"card: {where} must be a JSON object; received {raw!r}")
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    try:
        return cls(**{key: value for key, value in raw.items() if key in names})
    except TypeError as error:
        raise ModelError(f"card: {where}: {error}") from None
