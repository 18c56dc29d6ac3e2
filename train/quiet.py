"""TensorFlow without its start-up chatter."""

from __future__ import annotations

import os
import sys

from runtime.native import captured_stderr


def import_tensorflow() -> None:
    """Import TensorFlow and Keras with nothing on the terminal: no C++ log lines, no search for CUDA.

    Call it before any module that imports them. What C++ code wrote is shown only where the import fails.
    `runtime.native.silence_native_code` does the same for the rest of a command: TensorFlow logs errors of its own
    making in the middle of a run, now and then and at any log level ("NodeDef mentions attribute ...").
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says: the converter needs it
    written = ""
    try:
        with captured_stderr() as text:
            try:
                import keras  # noqa: F401
                import tensorflow as tf

                tf.config.list_physical_devices()  # looks for a GPU, and complains, now rather than in the first epoch
            except Exception:
                written = text()
                raise
    except Exception:  # Ctrl-C is no failure: what was written says nothing
        sys.stderr.write(f"{written}\n" if written else "")
        raise
