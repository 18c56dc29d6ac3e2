"""What each built-in quantization asks of TensorFlow's converter: a function a row of convert.quantize.

Only the child process imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def int8(converter: Any, samples: NDArray[np.uint8]) -> None:
    """Ask for full integer: int8 weights and activations, int8 in and out.

    Args:
        converter: A tf.lite.TFLiteConverter.
        samples: uint8 (N, H, W, C) model inputs; they set the range of each tensor.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def dynamic(converter: Any, samples: NDArray[np.uint8]) -> None:
    """Ask for int8 weights, and activations that are quantized while they are computed with.

    Args:
        converter: A tf.lite.TFLiteConverter.
        samples: Not used.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # Dense weights by channel would need FULLY_CONNECTED version 12, which tflite-runtime 2.14 has not.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def float16(converter: Any, samples: NDArray[np.uint8]) -> None:
    """Ask for float16 weights and float32 arithmetic.

    Args:
        converter: A tf.lite.TFLiteConverter.
        samples: Not used.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def float32(converter: Any, samples: NDArray[np.uint8]) -> None:
    """Ask for nothing: the numbers stay as the Keras model has them.

    Args:
        converter: A tf.lite.TFLiteConverter.
        samples: Not used.
    """


def _one_by_one(images: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
    for image in images:
        yield [image[np.newaxis].astype(np.float32)]
