"""The card: what a model was promised to see, and how its scores become an answer.

runtime.tflite.card_file puts a card into its .tflite file. docs/card.schema.json describes a card as JSON.
"""

from __future__ import annotations

import base64
import builtins
import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runtime.errors import ModelError
from runtime.tflite.card_versions import SCHEMA_VERSION, migrate

COLORS = ("gray", "rgb")
POLARITIES = ("light-on-dark", "dark-on-light", "any")
FRAMING_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"  # a regular expression; runtime.preprocess.load_framing looks the name up
RESIZES = ("stretch", "crop", "pad")
OUTPUTS = ("probabilities", "logits")
TEMPERATURE_LIMIT = 1000  # calibration gives 0.05 to 20, see convert/temperature.py

T = TypeVar("T")


def _check_one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ModelError(f"card: {name} must be one of {', '.join(allowed)}; received {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_framing_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(FRAMING_NAME, value) is not None


@dataclass(frozen=True)
class InputSpec:
    """What a picture becomes before the model sees it.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 (`color` "gray") or 3 ("rgb").
        color: "gray" or "rgb".
        polarity: What the model was trained on, "light-on-dark" or "dark-on-light"; pictures the other way round are
            inverted (framing "ink" only). "any" leaves them.
        framing: "ink" finds the mark, scales its longer side to `ink_box` pixels and centers its mass, which is how
            MNIST was made (LeCun et al. 1998); "whole" takes the whole picture, by `resize`. Another name is that of
            a framing which another package brings.
        ink_box: Pixels (framing "ink" only).
        resize: How "whole" makes a picture fit: "stretch", "crop" or "pad".

    Example:
        >>> from runtime import InputSpec
        >>> InputSpec(height=96, width=96, channels=3, color="rgb", framing="whole").shape
        (96, 96, 3)
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
        """Check every field. Raises ModelError that names the one at fault."""
        for name in ("height", "width", "channels", "ink_box"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ModelError(f"card: input.{name} must be a whole number above 0; received {value!r}")
        _check_one_of("input.color", self.color, COLORS)
        _check_one_of("input.polarity", self.polarity, POLARITIES)
        if not _is_framing_name(self.framing):
            raise ModelError(
                "card: input.framing must be the name of a framing, such as ink: a letter or _, then letters, digits, "
                f"_ and -; received {self.framing!r}"
            )
        _check_one_of("input.resize", self.resize, RESIZES)
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

    Attributes:
        output: What the last tensor holds, "probabilities" or "logits".
        temperature: Logits are divided by it before softmax (Guo et al. 2017); 1.0 changes nothing.
        reject_threshold: A best score below it is "unsure". 0 to 1; 0 never abstains.

    Example:
        >>> Decision(output="logits", reject_threshold=0.5).temperature
        1.0
    """

    output: str = "probabilities"
    temperature: float = 1.0
    reject_threshold: float = 0.0

    def __post_init__(self) -> None:
        """Check every field. Raises ModelError that names the one at fault."""
        _check_one_of("decision.output", self.output, OUTPUTS)
        if not _is_number(self.temperature) or not 0 < self.temperature < TEMPERATURE_LIMIT:
            raise ModelError(
                f"card: decision.temperature must be above 0 and below {TEMPERATURE_LIMIT}; "
                f"received {self.temperature!r}"
            )
        if not _is_number(self.reject_threshold) or not 0 <= self.reject_threshold <= 1:
            raise ModelError(f"card: decision.reject_threshold must be 0 to 1; received {self.reject_threshold!r}")


@dataclass(frozen=True)
class Accuracy:
    """What conversion measured, on the same test images.

    Attributes:
        float: Share of right answers of the Keras model, 0 to 1.
        quantized: Share of right answers of the .tflite, 0 to 1.
        agreement: Share of images where both give the same answer, 0 to 1.
        n: How many images.

    Example:
        >>> Accuracy(float=0.99, quantized=0.98, agreement=0.97, n=100).n
        100
    """

    float: builtins.float
    quantized: builtins.float
    agreement: builtins.float
    n: int


@dataclass(frozen=True)
class Golden:
    """One self-test vector: an input and the output of this very file on the machine that converted it.

    Attributes:
        input: The bytes of one model input, uint8, before quantization.
        output: The bytes of the output tensor.

    Example:
        >>> len(Golden(input=bytes(28 * 28), output=bytes(10)).input)
        784
    """

    input: bytes
    output: bytes


@dataclass(frozen=True)
class ModelCard:
    """All a device needs to know of a model.

    Attributes:
        name: Name of the model.
        version: Version of the model.
        labels: Names of the classes by index.
        input: What a picture becomes before the model sees it.
        decision: How scores become an answer.
        quantization: Such as "int8"; "" where it is not known.
        training: Free-form: dataset, images, recipe, seed, package versions.
        accuracy: What conversion measured; None where nothing was measured.
        golden: Self-test vectors.
        sha256: SHA-256 of the model's bytes without the card, in hexadecimal; "" before conversion.
        schema_version: Schema version of the card's fields.

    Example:
        >>> from runtime import Classifier
        >>> card = Classifier.load().card
        >>> card.name, card.input.shape, card.quantization
        ('digits', (28, 28, 1), 'int8')
    """

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
        """Write the card as JSON.

        Returns:
            An indented object; bytes are base64.
        """
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, default=_encode_bytes)

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read what `to_json` wrote, in this version of the schema or an earlier one.

        Args:
            text: A JSON object. Keys that this version does not know are ignored.

        Returns:
            The card, in this version of the schema.

        Raises:
            ModelError: The text is no card; the message names the field at fault.
        """
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise ModelError(f"card: not valid JSON ({error}); convert the model again") from None
        if not isinstance(raw, dict):
            raise ModelError(f"card: expected a JSON object; received {type(raw).__name__}")
        raw = migrate(raw)
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


def _build(cls: type[T], raw: object, where: str) -> T:
    """A dataclass from a JSON object: unknown keys are ignored, missing or mistyped ones are named."""
    if not isinstance(raw, Mapping):
        raise ModelError(f"card: {where} must be a JSON object; received {raw!r}")
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    try:
        return cls(**{key: value for key, value in raw.items() if key in names})
    except TypeError as error:
        raise ModelError(f"card: {where}: {error}") from None


def _golden(item: object) -> Golden:
    try:
        fields = dict(item)  # type: ignore[call-overload]
        return Golden(*(base64.b64decode(fields[key], validate=True) for key in ("input", "output")))
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(f"card: a golden vector is damaged ({error}); convert the model again") from None


def _encode_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"cannot write {type(value).__name__} into a card")
