"""The copy of a network that is trained: batch normalization in one operation, which Keras puts together from
several, and where it is asked for, arithmetic in bfloat16. What is kept has Keras's own layers in float32 again:
anybody can load it.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from runtime.errors import OptionError
from train.models.recipes import PRECISIONS

# What stays in float32 where a network is trained in bfloat16, as weights and sums do (Kalamkar et al. 2019).
EXACT = (layers.InputLayer, layers.Rescaling, layers.Dense)


@keras.saving.register_keras_serializable("edge-classifier")
class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Over the last of four axes, with a scale and an offset, as train.networks has it."""

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__(*others, **{**named, "autocast": False})  # its own variables are never rounded

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Float32 or bfloat16 (N, H, W, C) to the same. The running variance is that of a sample: divided by
        N H W - 1."""
        if not training and self.compute_dtype == "float32":
            return super().call(inputs, training=False)  # to the last bit what is kept will say
        known = {} if training else {"mean": self.moving_mean, "variance": self.moving_variance}
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=bool(training), **known
        )[:3]
        if training:
            for running, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                running.assign(running * self.momentum + now * (1 - self.momentum))
        return outputs


def check(precision: str) -> None:
    """Raise OptionError where TensorFlow has no convolution in that precision for this processor."""
    kind = tf.as_dtype(precision)
    try:
        tf.function(tf.nn.conv2d)(tf.ones((1, 8, 8, 16), kind), tf.ones((3, 3, 16, 16), kind), 1, "SAME")
    except tf.errors.OpError:
        raise OptionError(
            f"--precision {precision}: expected a processor that computes in it; TensorFlow has no convolution in it "
            "for this one. Leave it out"
        ) from None


# All that train.networks makes.
KNOWN = (
    *EXACT,
    layers.Conv2D,
    layers.DepthwiseConv2D,
    layers.BatchNormalization,
    layers.ReLU,
    layers.Add,
    layers.MaxPooling2D,
    layers.GlobalAveragePooling2D,
    layers.Flatten,
)


def fused(model: Any, precision: str = "float32") -> Any:
    """A copy of `model`, not compiled, to be trained; `model` itself where it has no batch normalization."""
    return _with(model, layers.BatchNormalization, FusedBatchNormalization, PRECISIONS[precision])


def quick(model: Any, precision: str) -> Any:
    """The same of a teacher, to be asked; `model` itself where it has layers that train.networks does not make: a
    .keras file holds anything."""
    return fused(model, precision) if {type(layer) for layer in model.layers} <= set(KNOWN) else model


def unfused(model: Any) -> Any:
    """The opposite of `fused`."""
    return _with(model, FusedBatchNormalization, layers.BatchNormalization, PRECISIONS["float32"])


def _with(model: Any, before: type[Any], after: type[Any], policy: str) -> Any:
    if not any(type(layer) is before for layer in model.layers):
        return model

    def copied(layer: Any) -> Any:
        kind = after if type(layer) is before else type(layer)
        told = {} if isinstance(layer, EXACT) else {"dtype": policy}
        return kind.from_config({**layer.get_config(), **told})

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy
