"""Keras to .tflite bytes, by a child process (worker.py), and the refusals that come with it.

Nothing here imports tensorflow: the child does, and dies with what it leaked and said.
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

from convert.data import Calibration, Pixels
from runtime.errors import ModelError, ModelMismatch, OptionError
from runtime.tflite.interpreter import TensorInfo

QUANTIZATIONS = ("int8", "dynamic", "float16", "float32")  # here, so that -h need not wait for NumPy


PIXEL_SCALE, PIXEL_ZERO = 1.0, -128  # int8 = pixel - 128: no arithmetic but that on the device
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
STDERR = 2  # the file descriptor
LAST_WORDS = 3  # lines of a dead child's log that go into the error
ERRORS: Mapping[str, type[ModelError]] = {"ModelError": ModelError, "ModelMismatch": ModelMismatch}


@dataclass(frozen=True)
class Converted:
    """tflite: the bare flatbuffer. reference: float32 (N, classes), what the Keras model gave for the test
    images. reference_divided: the same with pixels divided by 255, only from a SavedModel, else
    None. versions: tensorflow and keras."""

    tflite: bytes
    reference: NDArray[np.float32]
    reference_divided: NDArray[np.float32] | None
    versions: Mapping[str, str]


def check_source(model: Path) -> None:
    """Raise ModelError unless `model` looks like a .keras or .h5 file or a SavedModel folder."""
    wanted = "a Keras model: a .keras or .h5 file, or a SavedModel folder"
    if model.is_dir():
        if not (model / "saved_model.pb").is_file():
            raise ModelError(f"{model}: expected {wanted}; received a folder without saved_model.pb")
        return
    if not model.exists():
        raise ModelError(f"{model}: no such file; expected {wanted}. Make one with: python -m train")
    suffix = model.suffix.lower()
    try:
        head = model.open("rb").read(len(HDF5_MAGIC))
    except OSError as error:
        raise ModelError(f"{model}: cannot be read ({error.strerror})") from None
    if suffix == ".keras" and not zipfile.is_zipfile(model):
        raise ModelError(f"{model}: a .keras file is a zip and this is not a whole one; copy it again or train again")
    if suffix in (".h5", ".hdf5") and head != HDF5_MAGIC:
        raise ModelError(f"{model}: expected an HDF5 file; received one that starts with {head!r}")
    if suffix not in (".keras", ".h5", ".hdf5"):
        raise ModelError(f"{model}: expected {wanted}; received a file named {model.suffix or 'without a suffix'}")


def input_shape(model: Path) -> tuple[int | None, ...]:
    """The shape that a model takes, without the batch axis. Raises ModelError. Costs a start of TensorFlow."""
    reply, _ = _ask({"model": str(model.resolve()), "quantization": None}, {}, ())
    return tuple(reply["shape"])


def convert_model(model: Path, quantization: str, test: Pixels, calibration: Calibration | None) -> Converted:
    """Convert, and run the Keras model on the test images.

    model: what check_source passed. test: uint8 (N, H, W, C) model inputs. calibration: for int8, else None.
    Raises ModelError where it cannot be loaded or converted, ModelMismatch where it takes other pictures.
    """
    arrays = {"test": test, "calibration": test[:0] if calibration is None else calibration.images}
    request = {"model": str(model.resolve()), "quantization": quantization}
    reply, files = _ask(request, arrays, ("model.tflite", "outputs.npz"))
    with np.load(io.BytesIO(files["outputs.npz"])) as outputs:
        reference = np.asarray(outputs["test"], np.float32)
        divided = outputs.get("test_divided")
    versions = {name: str(reply[name]) for name in ("tensorflow", "keras")}
    return Converted(files["model.tflite"], reference, divided, versions)


def check_pixel_input(info: TensorInfo, calibration: Calibration) -> None:
    """Raise ModelMismatch unless an int8 input tensor takes exactly pixel - 128."""
    if info.dtype == np.int8 and info.scale == PIXEL_SCALE and info.zero_point == PIXEL_ZERO:
        return
    span = f"{calibration.darkest}..{calibration.brightest}"
    if (calibration.darkest, calibration.brightest) == (0, 255):
        reason = f"the calibration images span {span}, so the model does not start with Rescaling(1/255)"
    else:
        reason = f"the calibration images span {span}, not 0..255: brighter or darker pixels would clip on the device"
    raise ModelMismatch(
        f"expected an int8 input with scale {PIXEL_SCALE}, zero point {PIXEL_ZERO} (pixel - 128); received {info}: "
        f"{reason}. Train with pixels 0..255 and Rescaling(1/255) as the first layer"
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
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        np.savez(folder / "arrays.npz", **dict(arrays))  # type: ignore[arg-type]
        status = _run_child(folder)
        try:
            reply: dict[str, Any] = json.loads((folder / "reply.json").read_text("utf-8"))
        except (OSError, ValueError):
            raise ModelError(
                f"the conversion process died with status {status}: {_last_words(folder)} (DEBUG=1 shows all it said)"
            ) from None
        if "error" in reply:
            raise ERRORS[reply["error"]](reply["message"])
        return reply, {name: (folder / name).read_bytes() for name in wanted}


def _run_child(folder: Path) -> int:
    """The child's exit status. It says all it says into FOLDER/log; with DEBUG=1, on standard error."""
    home = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    # On the CPU: TensorFloat-32 on a GPU would make the reference less exact than the file it judges.
    environment = {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-m", "convert.worker", str(folder)]
    if os.environ.get("DEBUG") == "1":
        return subprocess.run(command, env=environment, stdout=STDERR, check=False).returncode
    environment["TF_CPP_MIN_LOG_LEVEL"] = "2"  # errors only, so that the last words say something
    with (folder / "log").open("wb") as log:
        return subprocess.run(command, env=environment, stdout=log, stderr=log, check=False).returncode


def _last_words(folder: Path) -> str:
    try:
        text = (folder / "log").read_text("utf-8", "replace")
    except OSError:
        return "see above"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-LAST_WORDS:]) or "it said nothing"
