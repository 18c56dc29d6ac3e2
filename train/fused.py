"""The copy of a network that is trained: batch normalisation in one operation, which Keras puts together from
several, and where it is asked for, arithmetic in bfloat16. What is kept has Keras's own layers in float32 again:
anybody can load it.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers

# bfloat16: products and what is passed from layer to layer; weights, sums, and the last layer stay in float32
# (Kalamkar et al. 2019). A processor with AVX512-BF16 or AMX takes two thirds of the time, another one much more.
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
EXACT = (layers.InputLayer, layers.Rescaling, layers.Dense)  # in float32 always


@keras.saving.register_keras_serializable("edge-classifier")
class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Over the last of four axes, with a scale and an offset, as train.networks has it."""

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__(*others, **{**named, "autocast": False})  # its own variables are never rounded

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Float32 or bfloat16 (N, H, W, C) to the same. The running variance is that of a sample: divided by
        N H W - 1."""
        known = {} if training else {"mean": self.moving_mean, "variance": self.moving_variance}
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=bool(training), **known
        )[:3]
        if training:
            for running, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                running.assign(running * self.momentum + now * (1 - self.momentum))
        return outputs


# All that train.networks makes. What has others, as a teacher that somebody brings may, stays as it is.
KNOWN = (
    *EXACT,
    layers.Conv2D,
    layers.DepthwiseConv2D,
    layers.BatchNormalization,
    FusedBatchNormalization,
    layers.ReLU,
    layers.Add,
    layers.MaxPooling2D,
    layers.GlobalAveragePooling2D,
    layers.Flatten,
)


def fused(model: Any, precision: str = "float32") -> Any:
    """A copy of `model`, not compiled, to be trained; `model` itself where it has no batch normalisation."""
    return _with(model, layers.BatchNormalization, FusedBatchNormalization, POLICIES[precision])


def unfused(model: Any) -> Any:
    """The opposite of `fused`."""
    return _with(model, FusedBatchNormalization, layers.BatchNormalization, POLICIES["float32"])


def _with(model: Any, before: type[Any], after: type[Any], policy: str) -> Any:
    kinds = {type(layer) for layer in model.layers}
    if before not in kinds or not kinds <= set(KNOWN):
        return model

    def copied(layer: Any) -> Any:
        kind = after if type(layer) is before else type(layer)
        told = {} if isinstance(layer, EXACT) else {"dtype": policy}
        return kind.from_config({**layer.get_config(), **told})

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy
