"""Batch normalization in one operation: the same network, the same steps."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from runtime.errors import OptionError
from train.models.fused import FusedBatchNormalization, check_precision, fused, fused_teacher, unfused
from train.models.networks import network

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 12, 12, 1), np.uint8)
LABELS = np.arange(32) % 4


def kinds(model: keras.Model) -> list[type]:
    return [type(layer) for layer in model.layers]


def losses(model: keras.Model, steps: int = 6) -> list[float]:
    model.compile(keras.optimizers.SGD(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return [float(model.train_on_batch(IMAGES, LABELS)) for _ in range(steps)]


def test_it_learns_what_keras_s_own_learns() -> None:
    plain = network("4/2 8 r gdc", (12, 12, 1), 4)
    quick = fused(plain)
    assert FusedBatchNormalization in kinds(quick)
    assert keras.layers.BatchNormalization not in kinds(quick)
    expected = losses(plain)
    assert expected[-1] < expected[0]
    np.testing.assert_allclose(losses(quick), expected, rtol=1e-3)
    # The running variance differs as a sample's does from its own mean square: in the last layer 1 part in 31.
    np.testing.assert_allclose(quick.predict(IMAGES, verbose=0), plain.predict(IMAGES, verbose=0), atol=0.1)


def test_what_is_kept_needs_nothing_of_ours(tmp_path: Path) -> None:
    quick = fused(network("4/2 8 r gdc", (12, 12, 1), 4))
    losses(quick)
    plain = unfused(quick)
    assert FusedBatchNormalization not in kinds(plain)
    np.testing.assert_array_equal(plain.predict(IMAGES, verbose=0), quick.predict(IMAGES, verbose=0))
    plain.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        written = archive.read("config.json").decode()
    assert "BatchNormalization" in written
    assert "edge-classifier" not in written


def test_in_bfloat16_it_learns_the_same_to_three_digits(tmp_path: Path, bfloat16: str) -> None:
    plain = network("4/2 8 r gdc", (12, 12, 1), 4)
    quick = fused(plain, bfloat16)
    assert {layer.compute_dtype for layer in quick.layers if isinstance(layer, keras.layers.Conv2D)} == {"bfloat16"}
    assert quick.layers[-1].compute_dtype == "float32"
    assert {str(weights.dtype) for weights in quick.weights} == {"float32"}
    expected, found = losses(plain), losses(quick)
    assert found != expected
    np.testing.assert_allclose(found, expected, rtol=0.02)
    kept = unfused(quick)
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    quick.save(tmp_path / "checkpoint.keras")
    again = keras.models.load_model(tmp_path / "checkpoint.keras")
    np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), quick.predict(IMAGES, verbose=0))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_network_without_it_is_left_alone(precision: str) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert fused(model, precision) is model
    assert unfused(model) is model


def test_a_processor_that_cannot_is_told_of_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_precision("float32")

    def refused(*given: object) -> None:
        raise tf.errors.AbortedError(None, None, "could not create a primitive descriptor")

    monkeypatch.setattr(tf.nn, "conv2d", refused)
    with pytest.raises(OptionError, match=r"--precision bfloat16: expected a processor .* Leave it out"):
        check_precision("bfloat16")


def test_a_teacher_is_asked_in_bfloat16_unless_it_is_of_other_layers(bfloat16: str) -> None:
    ours = network("4/2 8 r gdc", (12, 12, 1), 4)
    copy = fused_teacher(ours, bfloat16)
    assert copy is not ours
    expected = ours.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(copy.predict(IMAGES, verbose=0), expected, atol=0.05 * np.abs(expected).max())
    other = keras.Sequential([keras.Input((4,)), keras.layers.Reshape((2, 2, 1)), keras.layers.BatchNormalization()])
    assert fused_teacher(other, "bfloat16") is other
