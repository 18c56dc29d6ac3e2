"""Keras to .tflite bytes, by a child process (worker.py), and the checks before and after it.

Nothing here imports TensorFlow: the child does, and its leaks and its chatter end with it.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import Calibration
from runtime.errors import EdgeError, ModelError, ModelMismatch, OptionError
from runtime.tflite.interpreter import TensorInfo
from workbench.dataset import Pixels

PIXEL_SCALE, PIXEL_ZERO_POINT = 1.0, -128  # int8 = pixel - 128: no other arithmetic on the device
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
STDERR = 2  # the file descriptor
LOG_LINES = 3  # of a crashed child's log, the last ones, that go into the error
# The errors that a child may reply with.
ERRORS: Mapping[str, type[EdgeError]] = {error.__name__: error for error in (ModelError, ModelMismatch, OptionError)}

# The files by which parent and child talk, in a temporary folder.
REQUEST_FILE, ARRAYS_FILE, REPLY_FILE, LOG_FILE = "request.json", "arrays.npz", "reply.json", "log"
MODEL_FILE, OUTPUTS_FILE = "model.tflite", "outputs.npz"


@dataclass(frozen=True)
class Conversion:
    """What the child made.

    Attributes:
        tflite: The bare flatbuffer.
        outputs: float32 (N, classes), the Keras model's outputs for the test images.
        outputs_divided: The same with pixels divided by 255, only from a SavedModel, else None.
        versions: Versions of tensorflow and keras.
    """

    tflite: bytes
    outputs: NDArray[np.float32]
    outputs_divided: NDArray[np.float32] | None
    versions: Mapping[str, str]


def check_source(model: Path) -> None:
    """Look whether `model` can be a Keras model, without TensorFlow.

    Args:
        model: A .keras or .h5 file or a SavedModel folder.

    Raises:
        ModelError: It is none of these, or visibly cut short.
    """
    expected = "a Keras model: a .keras or .h5 file, or a SavedModel folder"
    if model.is_dir():
        if not (model / "saved_model.pb").is_file():
            raise ModelError(f"{model}: expected {expected}; received a folder without saved_model.pb")
        return
    if not model.exists():
        raise ModelError(f"{model}: no such file; expected {expected}. Make one with: python -m train")
    suffix = model.suffix.lower()
    try:
        with model.open("rb") as file:
            head = file.read(len(HDF5_MAGIC))
    except OSError as error:
        raise ModelError(f"{model}: cannot be read ({error.strerror})") from None
    if suffix == ".keras" and not zipfile.is_zipfile(model):
        raise ModelError(f"{model}: a .keras file is a zip and this is not a whole one; copy it again or train again")
    if suffix in (".h5", ".hdf5") and head != HDF5_MAGIC:
        raise ModelError(f"{model}: expected an HDF5 file; received one that starts with {head!r}")
    if suffix not in (".keras", ".h5", ".hdf5"):
        raise ModelError(f"{model}: expected {expected}; received a file named {model.suffix or 'without a suffix'}")


def input_shape(model: Path) -> tuple[int | None, ...]:
    """The shape of a model's input. Costs a start of TensorFlow.

    Args:
        model: A path that check_source accepts.

    Returns:
        The shape without the batch axis; None for an axis of any size.

    Raises:
        ModelError: The model cannot be loaded.
    """
    reply, _ = _ask({"model": str(model.resolve()), "quantization": None}, {}, ())
    return tuple(reply["shape"])


def convert_model(model: Path, quantization: str, test: Pixels, calibration: Calibration | None) -> Conversion:
    """Convert, and run the Keras model on the test images.

    Args:
        model: A path that check_source accepts.
        quantization: A name that load_quantization knows.
        test: uint8 (N, H, W, C) model inputs.
        calibration: The sample for a quantization that needs one, else None.

    Returns:
        The .tflite, and what the Keras model gave for the test images.

    Raises:
        ModelError: The model cannot be loaded or converted.
        ModelMismatch: It takes other pictures.
    """
    arrays = {"test": test, "calibration": test[:0] if calibration is None else calibration.images}
    request = {"model": str(model.resolve()), "quantization": quantization}
    reply, files = _ask(request, arrays, (MODEL_FILE, OUTPUTS_FILE))
    with np.load(io.BytesIO(files[OUTPUTS_FILE])) as stored:
        outputs = np.asarray(stored["test"], np.float32)
        divided = stored.get("test_divided")
    versions = {name: str(reply[name]) for name in ("tensorflow", "keras")}
    return Conversion(files[MODEL_FILE], outputs, divided, versions)


def check_pixel_input(info: TensorInfo, calibration: Calibration) -> None:
    """Check that an int8 input tensor takes exactly pixel - 128.

    Args:
        info: The input tensor.
        calibration: The sample that its range was found with; the message names its darkest and brightest pixel.

    Raises:
        ModelMismatch: It has another dtype, scale or zero point.
    """
    if info.dtype == np.int8 and info.scale == PIXEL_SCALE and info.zero_point == PIXEL_ZERO_POINT:
        return
    span = f"{calibration.darkest}..{calibration.brightest}"
    if (calibration.darkest, calibration.brightest) == (0, 255):
        reason = f"the calibration images span {span}, so the model does not start with Rescaling(1/255)"
    else:
        reason = f"the calibration images span {span}, not 0..255: brighter or darker pixels would clip on the device"
    raise ModelMismatch(
        f"expected an int8 input with scale {PIXEL_SCALE}, zero point {PIXEL_ZERO_POINT} (pixel - 128); received "
        f"{info}: {reason}. Train with pixels 0..255 and Rescaling(1/255) as the first layer"
    )


def _ask(
    request: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], wanted: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Run the child on one request: (its reply, the bytes of the files that were asked for)."""
    missing = [name for name in ("tensorflow", "keras") if importlib.util.find_spec(name) is None]
    if missing:
        raise OptionError(f"conversion needs {' and '.join(missing)}: pip install --group train")
    with tempfile.TemporaryDirectory(prefix="convert-") as name:
        folder = Path(name)
        (folder / REQUEST_FILE).write_text(json.dumps(request), "utf-8")
        np.savez(folder / ARRAYS_FILE, **dict(arrays))  # type: ignore[arg-type]
        status = run_child(folder)
        try:
            reply: dict[str, Any] = json.loads((folder / REPLY_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            raise ModelError(
                f"the conversion process died with status {status}: {_last_words(folder)} (DEBUG=1 shows all it said)"
            ) from None
        if "error" in reply:
            raise ERRORS[reply["error"]](reply["message"])
        return reply, {name: (folder / name).read_bytes() for name in wanted}


def run_child(folder: Path) -> int:
    """Run the child process on a request.

    Args:
        folder: With the request; the reply and the log go there. With DEBUG=1 the log goes to standard error.

    Returns:
        The child's exit status.
    """
    home = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    # On the CPU: TensorFloat-32 on a GPU would make the reference less exact than the file it judges.
    environment = {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-m", "convert.worker", str(folder)]
    if os.environ.get("DEBUG") == "1":
        return subprocess.run(command, env=environment, stdout=STDERR, check=False).returncode
    environment["TF_CPP_MIN_LOG_LEVEL"] = "2"  # errors only, so that the last lines of the log name the cause
    with (folder / LOG_FILE).open("wb") as log:
        return subprocess.run(command, env=environment, stdout=log, stderr=log, check=False).returncode


def _last_words(folder: Path) -> str:
    """The end of a crashed child's log."""
    try:
        text = (folder / LOG_FILE).read_text("utf-8", "replace")
    except OSError:
        return "see above"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-LOG_LINES:]) or "it said nothing"
