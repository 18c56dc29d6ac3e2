"""What a file and its caller say, put together; whatever is missing or contradicts is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import ModelError
from runtime.foreign.evidence import Evidence, read_evidence
from runtime.foreign.given import Given
from runtime.foreign.metadata import METADATA
from runtime.foreign.normalization import SCALES, Finding
from tests.runtime.foreign.build import Made, Plan, classifier, metadata, quantized, with_files

THREE_INPUTS = Plan([Made((1, 8, 8, 3))] * 3 + [Made((1, 3))], [("ADD", (0, 1), (3,))], inputs=(0, 1, 2))
BOOLEANS = Plan([Made((1, 8, 8, 3), "bool"), Made((1, 3))], [("CAST", (0,), (1,))])


def look(model: bytes, given: Given | None = None, path: str = "there/is/none.tflite", data: bytes = b"") -> Evidence:
    return read_evidence(data or model, model, Path(path), given or Given())


def refusal(model: bytes, given: Given | None = None) -> str:
    with pytest.raises(ModelError) as raised:
        look(model, given)
    message = str(raised.value)
    assert message.isprintable()
    assert len(message) <= 290
    return message


def test_a_quantized_model_says_all() -> None:
    seen = look(quantized())
    assert seen.scale is not None
    assert (seen.scale.scale.name, seen.scale.by) == ("0..1", "input quantization")
    assert (seen.form.layout, seen.input_shape) == ("nhwc", (1, 8, 8, 3))
    assert (seen.resize, seen.color, seen.framing) == (("stretch", "usual"), ("rgb", "usual"), "whole")
    assert seen.labels.names == ("0", "1", "2")


def test_a_float_model_does_not() -> None:
    assert look(classifier()).scale is None
    assert look(classifier(), Given(scale=SCALES["-1..1"])).scale == Finding(SCALES["-1..1"], "given")


def test_metadata_of_normalization_and_labels() -> None:
    model = classifier(metadata={METADATA: metadata((127.5,), (127.5,), [("l.txt", "")], 0.4)})
    seen = look(model, data=with_files(model, {"l.txt": "jay\nwren\ntit"}))
    assert seen.scale == Finding(SCALES["-1..1"], "TFLite metadata")
    assert (seen.labels.names, seen.labels.by) == (("jay", "wren", "tit"), "its l.txt")
    assert seen.metadata.threshold == 0.4


@pytest.mark.parametrize(
    ("shape", "given", "expected"),
    [
        ((1, 3, 16, 12), Given(), (1, 3, 16, 12)),
        ((1, 16, 12), Given(), (1, 16, 12)),
        ((1, 144), Given(), (1, 144)),
        ((1, 150), Given(size=(15, 10)), (1, 150)),
        ((1, 144), Given(size=(16, 9)), (1, 144)),
        ((1, -1, -1, 3), Given(size=(16, 9)), (1, 16, 9, 3)),
        ((1, 1, -1, 16), Given(size=(9, 16)), (1, 1, 9, 16)),
    ],
)
def test_every_form_of_input(shape: tuple[int, ...], given: Given, expected: tuple[int, ...]) -> None:
    assert look(classifier(shape), given).input_shape == expected


def several(*classes: int, ends: str = "SOFTMAX") -> bytes:
    tensors = [Made((1, 8, 8, 1)), *(Made((1, 16)) for _ in classes), *(Made((1, n)) for n in classes)]
    count = len(classes)
    steps = [("FULLY_CONNECTED", (0,), (1 + i,)) for i in range(count)]
    steps += [(ends, (1 + i,), (1 + count + i,)) for i in range(count)]
    return Plan(tensors, steps, outputs=[1 + count + i for i in range(count)]).build()


def test_of_several_outputs_the_one_that_the_labels_fit(tmp_path: Path) -> None:
    assert look(several(2, 5), Given(labels=tuple("abcde"))).output == 1
    assert look(several(2, 5), Given(labels=("a", "b"))).output == 0
    assert look(several(2, 5), Given(output=1)).output == 1
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\ne")
    assert look(several(2, 5), path=str(tmp_path / "m.tflite")).output == 1
    one = look(several(1, 5, ends="LOGISTIC"), Given(labels=("no", "yes")))
    assert (one.output, one.labels.names) == (0, ("no", "yes"))


def test_one_sigmoid_is_two_classes() -> None:
    seen = look(classifier(classes=1, ends=("LOGISTIC",)))
    assert (seen.labels.names, seen.output_form.kind) == (("0", "1"), "sigmoid")


def test_color_and_resize() -> None:
    seen = look(classifier(), Given(color="bgr", resize="crop", framing="ink"))
    assert (seen.color, seen.resize, seen.framing) == (("bgr", "given"), ("crop", "given"), "ink")


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (several(2, 5), Given(), "has 2 outputs: 0 (1, 2) SOFTMAX, 1 (1, 5) SOFTMAX. Say which holds the scores: "),
        (several(5, 5), Given(labels=tuple("abcde")), "has 2 outputs: "),
        (several(2, 5), Given(output=2), "--model-output 2: none.tflite has outputs 0 to 1"),
        (classifier((1, 128, 1, 1)), Given(), "is no picture classifier: its input (1, 128, 1, 1) is no picture"),
        (classifier((1, 1960)), Given(), "takes 1960 numbers. If they are a picture, say its size: --size HxW"),
        (classifier((1, 1960)), Given(size=(40, 40)), "--size 40x40: none.tflite takes 1960 numbers"),
        (classifier((1, -1, -1, 3)), Given(), "the size of its pictures open, (1, -1, -1, 3). Say it: --size HxW"),
        (classifier(), Given(size=(9, 9)), "--size 9x9: none.tflite takes pictures of 8x8"),
        (classifier(), Given(color="gray"), "--color gray: none.tflite takes pictures of 3 channel(s)"),
        (classifier(), Given(labels=("a", "b")), "2 labels for 3 classes: the model may have a background class"),
        (classifier((1, 8, 8, 1)), Given(scale=SCALES["imagenet"]), "takes pictures of 1 channel(s); received 3 means"),
        (classifier(classes=1, ends=()), Given(), "gives one number that is no probability: a regression"),
        (THREE_INPUTS.build(), Given(), "takes 3 inputs"),
        (BOOLEANS.build(), Given(), "its input bool (1, 8, 8, 3)"),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradicts_is_one_line(model: bytes, given: Given, said: str) -> None:
    assert said in refusal(model, given)


def test_a_long_name_stays_short() -> None:
    with pytest.raises(ModelError) as raised:
        look(several(2, 5), path="x" * 250 + "\x1b.tflite")
    assert len(str(raised.value)) < 200
    assert str(raised.value).isprintable()


def test_any_number_of_outputs_is_listed_in_short() -> None:
    assert len(refusal(several(*[3] * 40))) < 250


def test_no_float_model_without_information_has_a_scale() -> None:
    """The property that matters most: 0..255 is never assumed."""
    for seed in range(40):
        chance = np.random.default_rng(seed)
        channels, side = int(chance.choice([1, 3])), int(chance.integers(8, 40))
        shape = [(1, side, side, channels), (1, channels, side, side), (-1, side, side + 3, channels)][seed % 3]
        model = classifier(shape, int(chance.integers(2, 12)), [("SOFTMAX",), (), ("LOGISTIC",)][seed % 3])
        assert look(model).scale is None
