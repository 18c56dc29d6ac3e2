"""The quantizations that a conversion can make: one row for each.

A new quantization is one file and one row of QUANTIZATIONS. One from another package is a row too: a `Quantization`
that the entry point NAME of the group `edge_classifier.quantizations` names. Nothing is imported here that
`python -m convert -h` would have to wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from runtime.errors import OptionError
from runtime.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENTRY_POINTS = "edge_classifier.quantizations"


class Configure(Protocol):
    """A function that sets TensorFlow's converter up for one quantization."""

    def __call__(self, converter: Any, samples: NDArray[np.uint8]) -> None:
        """Set a converter up.

        Args:
            converter: A tf.lite.TFLiteConverter.
            samples: uint8 (N, H, W, C) model inputs, which show the range of each tensor; empty where the
                quantization needs no calibration.
        """


@dataclass(frozen=True)
class Quantization:
    """One way to store a model's numbers, and to compute with them.

    Attributes:
        name: As --quantization and the card have it.
        needs_calibration: True where the converter needs sample pictures, to find the range of each tensor.
        configure: "module:function" of a `Configure`. It is a string because only the child process, which has
            TensorFlow, imports the module.

    Example:
        >>> Quantization("mine", needs_calibration=False, configure="my_package:configure").name
        'mine'
    """

    name: str
    needs_calibration: bool
    configure: str


QUANTIZATIONS: dict[str, Quantization] = {
    row.name: row
    for row in (
        # name, needs_calibration, configure
        Quantization("int8", True, "convert.configure:int8"),
        Quantization("dynamic", False, "convert.configure:dynamic"),
        Quantization("float16", False, "convert.configure:float16"),
        Quantization("float32", False, "convert.configure:float32"),
    )
}
DEFAULT = "int8"  # where no other is asked for; its layers are compared
EXACT = "float32"  # with the layers of this one


def load_quantization(name: str) -> Quantization:
    """Look a quantization up by its name.

    Other packages are asked only where the name is not built in.

    Args:
        name: As --quantization has it.

    Returns:
        Its row.

    Raises:
        OptionError: No quantization has that name, or a package has something else under it.

    Example:
        >>> load_quantization("int8").needs_calibration
        True
    """
    if name in QUANTIZATIONS:
        return QUANTIZATIONS[name]
    names = plugin_names(ENTRY_POINTS)
    if name not in names:
        raise OptionError(
            f"expected one of {', '.join([*QUANTIZATIONS, *names])}; received {name!r}. Install the package that "
            f"brings it (entry point group {ENTRY_POINTS})"
        )
    row: Quantization = load_plugin(ENTRY_POINTS, name, Quantization, OptionError)
    if row.name != name:
        raise OptionError(
            f"expected a Quantization named {name!r} (entry point of {ENTRY_POINTS}); received {row.name!r}"
        )
    return row


def load_configure(row: Quantization) -> Configure:
    """Import the function of a row. For the child process.

    Args:
        row: Row of QUANTIZATIONS, or of another package.

    Returns:
        The function that sets a converter up.

    Raises:
        OptionError: It cannot be imported.
    """
    module, _, function = row.configure.partition(":")
    try:
        return cast("Configure", getattr(import_module(module), function))
    except (ImportError, AttributeError, ValueError) as error:
        raise OptionError(f"cannot import {row.configure!r} of the quantization {row.name!r}: {error}") from error
