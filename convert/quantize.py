"""The quantizations that a conversion can make, a row each.

A quantization of one's own is one file and one row: an object of `Quantization` in QUANTIZATIONS, or, from another
package, an entry point of the group `edge_classifier.quantizations` that has its name. Nothing is imported at the top
that `python -m convert -h` would have to wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.errors import OptionError
from runtime.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Configure = Callable[[Any, NDArray[np.uint8]], None]

GROUP = "edge_classifier.quantizations"  # entry points: quantizations that other packages bring
DEFAULT = "int8"  # what a conversion makes where no other is asked for, and what the layers are compared in
EXACT = "float32"  # what the layers of another are compared with


@dataclass(frozen=True)
class Quantization:
    """One way to store a model's numbers.

    Attributes:
        name: As --quantization and the card have it.
        needs_calibration: Whether the converter needs sample pictures to find the range of each tensor.
        configure: Sets a tf.lite.TFLiteConverter up: (converter, samples) -> None. samples: uint8 (N, H, W, C) model
            inputs, empty where none are needed. It is called in the child process, with TensorFlow at hand.

    Example:
        >>> def configure(converter, samples):
        ...     converter.optimizations = ["DEFAULT"]
        >>> Quantization("mine", needs_calibration=False, configure=configure).name
        'mine'
    """

    name: str
    needs_calibration: bool
    configure: Configure


def load_quantization(name: str) -> Quantization:
    """Look a quantization up by its name.

    Other packages are asked only where the name is not built in.

    Args:
        name: As --quantization has it.

    Returns:
        Its row.

    Raises:
        OptionError: None has that name, or what a package brings under it is no Quantization.

    Example:
        >>> load_quantization("int8").needs_calibration
        True
    """
    if name in QUANTIZATIONS:
        return QUANTIZATIONS[name]
    names = plugin_names(GROUP)
    if name not in names:
        raise OptionError(
            f"expected one of {', '.join([*QUANTIZATIONS, *names])}; received {name!r}. Install the "
            f"package that brings it (entry point group {GROUP})"
        )
    found: Quantization = load_plugin(GROUP, name, Quantization, OptionError)
    if found.name != name:
        raise OptionError(f"expected a Quantization named {name!r} (entry point of {GROUP}); received {found.name!r}")
    return found


def _int8(converter: Any, samples: NDArray[np.uint8]) -> None:
    """Full integer, int8 in and out."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _one_by_one(samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _dynamic(converter: Any, samples: NDArray[np.uint8]) -> None:
    """int8 weights; float activations, which are quantized while they are computed with."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # Dense weights by channel would need FULLY_CONNECTED version 12, which tflite-runtime 2.14 has not.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def _float16(converter: Any, samples: NDArray[np.uint8]) -> None:
    """float16 weights, float32 arithmetic."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _float32(converter: Any, samples: NDArray[np.uint8]) -> None:
    """As the Keras model is."""


def _one_by_one(images: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
    for image in images:
        yield [image[None].astype("float32")]


QUANTIZATIONS = {
    row.name: row
    for row in (
        Quantization("int8", needs_calibration=True, configure=_int8),
        Quantization("dynamic", needs_calibration=False, configure=_dynamic),
        Quantization("float16", needs_calibration=False, configure=_float16),
        Quantization("float32", needs_calibration=False, configure=_float32),
    )
}
