"""The device side: numpy, OpenCV and one TFLite interpreter, nothing heavier.

``from runtime import Classifier`` is enough for most programs:

    >>> from runtime import Classifier, read_image
    >>> Classifier.load().predict(read_image("samples/photo_7.jpg")).label
    '7'

Each name of ``__all__`` is imported when it is first asked for, so that ``import runtime`` costs nothing.
"""

from __future__ import annotations

import os
import sys

from runtime.interrupts import exit_on_interrupt

# `python -m runtime.NAME` imports this package before the command, while sys.argv[0] is still "-m": from here on Ctrl-C
# is no traceback. A program that imports the package is left alone.
if sys.argv[:1] == ["-m"] and any(word.removeprefix("-m").startswith("runtime.") for word in sys.orig_argv):
    exit_on_interrupt()

from typing import TYPE_CHECKING, Any

from runtime.native import MOST_PIXELS

# OpenCV reads these once, when it is first imported; failures are ours to report, in one line.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PIXELS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

__version__ = "0.1.0"
__all__ = [
    "Candidate",
    "Classifier",
    "DataError",
    "EdgeError",
    "Frame",
    "ImageError",
    "InputSpec",
    "InterpreterMissing",
    "ModelCard",
    "ModelError",
    "ModelMismatch",
    "OptionError",
    "OutputError",
    "ParityError",
    "Prediction",
    "Reading",
    "Region",
    "SourceError",
    "TrainingError",
    "__version__",
    "open_source",
    "read_image",
]

if TYPE_CHECKING:
    from runtime.classifier import Classifier
    from runtime.errors import (
        DataError,
        EdgeError,
        ImageError,
        InterpreterMissing,
        ModelError,
        ModelMismatch,
        OptionError,
        OutputError,
        ParityError,
        SourceError,
        TrainingError,
    )
    from runtime.image.files import read_image
    from runtime.results import Candidate, Prediction, Reading, Region
    from runtime.sources.base import Frame
    from runtime.sources.registry import open_source
    from runtime.tflite.card import InputSpec, ModelCard

_MODULES = {
    "runtime.classifier": ("Classifier",),
    "runtime.image.files": ("read_image",),
    "runtime.results": ("Candidate", "Prediction", "Reading", "Region"),
    "runtime.sources.base": ("Frame",),
    "runtime.sources.registry": ("open_source",),
    "runtime.tflite.card": ("InputSpec", "ModelCard"),
}


def __getattr__(name: str) -> Any:
    """Import a public name, from its module in _MODULES; a name without one is an error of runtime.errors.

    Args:
        name: One of `__all__`.

    Raises:
        AttributeError: The package has no such name.
    """
    if name not in __all__:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    from importlib import import_module

    home = next((module for module, names in _MODULES.items() if name in names), "runtime.errors")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names, whether they are imported yet or not."""
    return list(__all__)
