"""The device side: numpy, OpenCV and one TFLite interpreter, nothing heavier.

``from runtime import Classifier`` is the whole of it for most programs:

    >>> from runtime import Classifier, read_image
    >>> Classifier.load().predict(read_image("samples/photo_7.jpg")).label
    '7'
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from runtime.native import MAX_PIXELS

# OpenCV reads these once, when it is first imported; failures are ours to report, in one line.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

__version__ = "0.1.0"
__all__ = ["Classifier", "EdgeError", "Prediction", "__version__", "read_image"]

if TYPE_CHECKING:
    from runtime.classifier import Classifier
    from runtime.errors import EdgeError
    from runtime.image.files import read_image
    from runtime.results import Prediction

_HOME = {
    "Classifier": "runtime.classifier",
    "EdgeError": "runtime.errors",
    "Prediction": "runtime.results",
    "read_image": "runtime.image.files",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import runtime`` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
