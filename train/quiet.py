"""TensorFlow without its start-up chatter."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def import_tensorflow() -> None:
    """Import TensorFlow and Keras with nothing on the terminal: no C++ log lines, no search for CUDA.

    Call it before any module that imports them. What they wrote is shown only where the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says: the converter needs it
    with _hidden_stderr():
        import keras  # noqa: F401
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for a GPU, and complains, now rather than in the first epoch


def divert_native_stderr() -> None:
    """From now on only Python writes to standard error; what C++ writes to file descriptor 2 is dropped.

    For a process that is this command's own. TensorFlow logs errors of its own making in the middle of a run,
    now and then and at any log level ("NodeDef mentions attribute ..."). DEBUG=1 lets them through.
    """
    if os.environ.get("DEBUG") == "1":
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


@contextmanager
def _hidden_stderr() -> Iterator[None]:
    """File descriptor 2 goes to a temporary file: C++ writes there before any log level can reach it."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            hidden.seek(0)
            with os.fdopen(os.dup(saved), "wb") as stream:
                shutil.copyfileobj(hidden, stream)
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
