"""What each quantization asks of the converter."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from convert import configure

SAMPLES = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 1)
NOTHING = SAMPLES[:0]


def _converter() -> Any:
    return SimpleNamespace(optimizations=[], target_spec=SimpleNamespace(supported_ops=[], supported_types=[]))


def test_int8_is_int8_throughout_and_sees_pixels_one_picture_at_a_time() -> None:
    converter = _converter()
    configure.int8(converter, SAMPLES)
    assert converter.inference_input_type == converter.inference_output_type == tf.int8
    assert converter.target_spec.supported_ops == [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    assert converter.optimizations == [tf.lite.Optimize.DEFAULT]
    for _ in range(2):  # the converter may go through them again
        seen = list(converter.representative_dataset())
        assert [[array.shape for array in inputs] for inputs in seen] == [[(1, 3, 3, 1)]] * 2
        assert all(inputs[0].dtype == np.float32 for inputs in seen)
        np.testing.assert_array_equal(np.concatenate([inputs[0] for inputs in seen]), SAMPLES)


@pytest.mark.parametrize("name", ["dynamic", "float16", "float32"])
def test_others_keep_float_inputs_and_need_no_samples(name: str) -> None:
    converter = _converter()
    getattr(configure, name)(converter, NOTHING)
    assert not hasattr(converter, "representative_dataset")
    assert not hasattr(converter, "inference_input_type")
    assert converter.target_spec.supported_types == ([tf.float16] if name == "float16" else [])
    assert bool(converter.optimizations) is (name != "float32")
