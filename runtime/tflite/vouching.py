"""Which models are known to be sound here, so that a start on them pays nothing for the trial of runtime.tflite.trial.

A model that passed its trial leaves an empty file in a cache folder, named by its SHA-256, the interpreter and the
machine. Where no such file can be written, the trial runs each time.
"""

from __future__ import annotations

import os
import re

from runtime.tflite.card_file import digest_of
from runtime.tflite.interpreter import find_interpreter

RULES = "1"  # to be raised when verify or trial learn of another fault: models that passed before are tried again


def ensure_sound(
    model: bytes, digest: str = "", input_shape: tuple[int, ...] | None = None, always: bool = False
) -> None:
    """Verify and try a model, unless this interpreter has passed the same one before.

    Args:
        model: A bare .tflite flatbuffer.
        digest: Its SHA-256, where it is known already.
        input_shape: Shape that its input gets where the file leaves sides open.
        always: Whether it is tried even where it has passed before.

    Raises:
        ModelError: The model is not sound; see `verify.verify_model` and `trial.try_out`.
        InterpreterMissing: None is installed that works.
    """
    shape = "x".join(map(str, input_shape or ()))
    marker = marker_of(digest or digest_of(model), find_interpreter()[1], shape)
    if os.path.exists(marker) and not always:  # noqa: PTH110  # one system call, of a start that counts
        return
    from runtime.tflite.trial import try_out  # here: a start on a model that is known needs neither
    from runtime.tflite.verify import verify_model

    verify_model(model)
    try_out(model, input_shape)
    try:
        os.makedirs(os.path.dirname(marker), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        os.close(os.open(marker, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError:
        return  # a folder that cannot be written: it is tried again next time


def marker_of(digest: str, interpreter: str, shape: str = "") -> str:
    """The file that says that a model has passed.

    Args:
        digest: SHA-256 of the flatbuffer, hexadecimal.
        interpreter: Name and version.
        shape: Of the input, where the file leaves sides open.

    Returns:
        Its path, in $XDG_CACHE_HOME or ~/.cache.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):  # noqa: PTH117  # as the XDG Base Directory Specification says
        cache = os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    name = "-".join((digest, interpreter, os.uname().machine, RULES, shape))
    return os.path.join(cache, "edge-classifier", "sound-models", re.sub(r"[^\w.-]", "_", name))  # noqa: PTH118
