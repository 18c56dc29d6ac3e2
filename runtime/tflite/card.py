"""The card: what a model was promised to see, and how its scores become an answer.

runtime.tflite.card_file puts a card into its .tflite file, runtime.tflite.card_reader reads it.
docs/card.schema.json describes a card as JSON.
"""

from __future__ import annotations

import base64
import builtins
import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.errors import ModelError
from runtime.tflite.card_fields import check_labels, check_one_of, check_text, is_number, shown
from runtime.tflite.card_versions import SCHEMA_VERSION

COLORS = ("gray", "rgb", "bgr")
LAYOUTS = ("nhwc", "nchw", "hw", "flat")
POLARITIES = ("light-on-dark", "dark-on-light", "any")
FRAMING_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"  # a regular expression; runtime.preprocess.load_framing looks the name up
RESIZES = ("stretch", "crop", "pad")
OUTPUTS = ("probabilities", "logits", "sigmoid", "log-probabilities")
CHOICES = ("one", "many")
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.001, 1000  # calibration gives 0.05 to 20, see convert/temperature.py
MAX_SIDE = 4096  # pixels of a model's input; the largest public classifiers take 800


def _is_framing_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(FRAMING_NAME, value) is not None


@dataclass(frozen=True)
class InputSpec:
    """What a picture becomes before the model sees it.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 (`color` "gray") or 3 ("rgb", "bgr").
        color: "gray", or the order of the channels in the tensor, "rgb" or "bgr".
        polarity: What the model was trained on, "light-on-dark" or "dark-on-light"; pictures the other way round are
            inverted (framing "ink" only). "any" leaves them.
        framing: "ink" finds the mark, scales its longer side to `ink_box` pixels and centers its mass, which is how
            MNIST was made (LeCun et al. 1998); "whole" takes the whole picture, by `resize`. Another name is that of
            a framing which another package brings.
        ink_box: Pixels (framing "ink" only).
        resize: How "whole" makes a picture fit: "stretch", "crop" or "pad".
        mean: One number, or one for each channel in the order of `color`.
        std: As `mean`. The model was trained on (pixel - mean) / std, pixels 0 to 255.
        layout: How the tensor holds the pixels: "nhwc" (1, h, w, c), "nchw" (1, c, h, w), "hw" (1, h, w) or "flat"
            (1, h * w * c).

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
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    layout: str = "nhwc"

    def __post_init__(self) -> None:
        """Check every field. Raises ModelError that names the one at fault."""
        for name in ("height", "width", "channels", "ink_box"):
            value = getattr(self, name)
            if type(value) is not int or not 0 < value <= MAX_SIDE:
                raise ModelError(f"card: input.{name} must be a whole number, 1 to {MAX_SIDE}; received {shown(value)}")
        check_one_of("input.color", self.color, COLORS)
        check_one_of("input.polarity", self.polarity, POLARITIES)
        if not _is_framing_name(self.framing):
            raise ModelError(
                "card: input.framing must be the name of a framing, such as ink: a letter or _, then letters, digits, "
                f"_ and -; received {shown(self.framing)}"
            )
        check_one_of("input.resize", self.resize, RESIZES)
        self._check_tensor_fields()
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

    def _check_tensor_fields(self) -> None:
        """Check the fields that say how pixels become the tensor."""
        for name in ("mean", "std"):
            values = getattr(self, name)
            if (
                not isinstance(values, tuple)
                or len(values) not in (1, self.channels)
                or not all(map(is_number, values))
            ):
                raise ModelError(
                    f"card: input.{name} must be a list of 1 number or {self.channels}, one for each channel; "
                    f"received {shown(values)}"
                )
        if not all(value > 0 for value in self.std):
            raise ModelError(f"card: input.std must be above 0; received {shown(self.std)}")
        check_one_of("input.layout", self.layout, LAYOUTS)
        if self.layout == "hw" and self.channels != 1:
            raise ModelError(
                f"card: input.layout 'hw' has no axis for channels; received input.channels = {self.channels}"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one model input."""
        return (self.height, self.width, self.channels)

    @property
    def tensor_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor, its batch of 1 included."""
        height, width, channels = self.shape
        return {
            "nhwc": (1, height, width, channels),
            "nchw": (1, channels, height, width),
            "hw": (1, height, width),
            "flat": (1, height * width * channels),
        }[self.layout]


@dataclass(frozen=True)
class Decision:
    """How scores become an answer.

    Attributes:
        output: What the output tensor holds: "probabilities", "logits", "sigmoid" (a probability for each label, which
            need not sum to 1; one alone is that of the second of two labels) or "log-probabilities".
        temperature: Logits are divided by it before softmax (Guo et al. 2017); 1.0 changes nothing.
        reject_threshold: A best score below it is "unsure". 0 to 1; 0 never abstains.
        choice: "one" label is true of a picture; or "many", so that all that reach the threshold are named.
        output_index: Which of the model's outputs.

    Example:
        >>> Decision(output="logits", reject_threshold=0.5).temperature
        1.0
    """

    output: str = "probabilities"
    temperature: float = 1.0
    reject_threshold: float = 0.0
    choice: str = "one"
    output_index: int = 0

    def __post_init__(self) -> None:
        """Check every field. Raises ModelError that names the one at fault."""
        check_one_of("decision.output", self.output, OUTPUTS)
        if not is_number(self.temperature) or not MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE:
            raise ModelError(
                f"card: decision.temperature must be {MIN_TEMPERATURE} to {MAX_TEMPERATURE}; "
                f"received {shown(self.temperature)}"
            )
        if not is_number(self.reject_threshold) or not 0 <= self.reject_threshold <= 1:
            raise ModelError(f"card: decision.reject_threshold must be 0 to 1; received {shown(self.reject_threshold)}")
        check_one_of("decision.choice", self.choice, CHOICES)
        if type(self.output_index) is not int or not 0 <= self.output_index < MAX_SIDE:
            raise ModelError(
                f"card: decision.output_index must be a whole number, 0 or above; received {shown(self.output_index)}"
            )


@dataclass(frozen=True)
class Accuracy:
    """What conversion, or adoption, measured on the same test images.

    Attributes:
        float: Share of right answers of the Keras model, 0 to 1; None for an adopted file.
        quantized: Share of right answers of the .tflite, 0 to 1.
        agreement: Share of images where both give the same answer, 0 to 1; None for an adopted file.
        n: How many images.

    Example:
        >>> Accuracy(float=0.99, quantized=0.98, agreement=0.97, n=100).n
        100
    """

    float: builtins.float | None
    quantized: builtins.float
    agreement: builtins.float | None
    n: int

    def __post_init__(self) -> None:
        """Check every field. Raises ModelError that names the one at fault."""
        for name in ("float", "quantized", "agreement"):
            value = getattr(self, name)
            if not (is_number(value) and 0 <= value <= 1) and (value is not None or name == "quantized"):
                raise ModelError(f"card: accuracy.{name} must be 0 to 1; received {shown(value)}")
        if type(self.n) is not int or self.n < 0:
            raise ModelError(f"card: accuracy.n must be a whole number, 0 or above; received {shown(self.n)}")


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
class GoldenPicture:
    """One self-test picture, and what it has to become: it proves decoding, framing, labels and decision as well.

    Attributes:
        picture: The bytes of a PNG file.
        tensor: SHA-256 of the bytes of the input tensor made from it, in hexadecimal.
        label: The answer.
        score: Of the answer, 0 to 1.

    Example:
        >>> GoldenPicture(picture=b"", tensor="", label="7", score=0.99).label
        '7'
    """

    picture: bytes
    tensor: str
    label: str
    score: float


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
        golden_pictures: Self-test pictures.
        origin: Of an adopted file: sha256, name, author, license, and `decided_by`, which says for each decision what
            it rests on. Empty for a model that was converted here.

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
    golden_pictures: tuple[GoldenPicture, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the texts and labels. Raises ModelError that names the one at fault."""
        for name in ("name", "version", "quantization", "sha256"):
            check_text(name, getattr(self, name))
        check_labels(self.labels)

    def to_json(self) -> str:
        """Write the card as JSON.

        Returns:
            An indented object; bytes are base64.
        """
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, default=_encode_bytes)


def _encode_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"cannot write {type(value).__name__} into a card")
