"""Batch normalisation in one operation while a model is trained: Keras puts it together from several, and a step
takes longer. What is kept has Keras's own layers again: anybody can load it.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("edge-classifier")
class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Over the last of four axes, with a scale and an offset, as train.networks has it."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Float32 (N, H, W, C) to the same. The running variance is that of a sample: divided by N H W - 1."""
        if not training:
            return super().call(inputs, training=False)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )[:3]
        for running, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(running * self.momentum + now * (1 - self.momentum))
        return outputs


def fused(model: Any) -> Any:
    """A copy of `model`, not compiled, to be trained; `model` itself where it has no batch normalisation."""
    return _with(model, keras.layers.BatchNormalization, FusedBatchNormalization)


def unfused(model: Any) -> Any:
    """The opposite of `fused`."""
    return _with(model, FusedBatchNormalization, keras.layers.BatchNormalization)


def _with(model: Any, before: type[Any], after: type[Any]) -> Any:
    if not any(type(layer) is before for layer in model.layers):
        return model

    def copied(layer: Any) -> Any:
        kind = after if type(layer) is before else type(layer)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copied)
    copy.set_weights(model.get_weights())
    return copy
