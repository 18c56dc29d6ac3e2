"""Keras to .tflite bytes, by a child process (worker.py), and the checks before and after it.

Nothing here imports TensorFlow: the child does, and its leaks and its chatter end with it.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import Calibration
from convert.normalization import Normalization
from runtime.errors import EdgeError, ModelError, ModelMismatch, OptionError
from runtime.tflite.interpreter import TensorInfo
from workbench.dataset import Split

PIXEL_SCALE = 1.0
PIXEL_ZERO_POINTS = {np.dtype(np.int8): -128, np.dtype(np.uint8): 0}  # the pixel itself: no arithmetic on the device
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
STDERR = 2  # the file descriptor
LOG_LINES = 3  # of a crashed child's log, the last ones, that go into the error
# The errors that a child may reply with.
ERRORS: Mapping[str, type[EdgeError]] = {error.__name__: error for error in (ModelError, ModelMismatch, OptionError)}

# The files by which parent and child talk, in a temporary folder.
REQUEST_FILE, ARRAYS_FILE, REPLY_FILE, LOG_FILE = "request.json", "arrays.npz", "reply.json", "log"
MODEL_FILE, OUTPUTS_FILE = "model.tflite", "outputs.npz"


@dataclass(frozen=True)
class Request:
    """What the child is asked for.

    Attributes:
        model: A path that check_source accepts.
        quantization: A name that load_quantization knows; None asks for the shape of the input alone.
        normalization: The range of pixels that the model was trained on; None finds it out.
        io: "int8" or "uint8", the dtype of input and output of an integer quantization.
        trust: True where code in the file may run.
        classes: How many classes the labels have, to choose one of several outputs by; None where it is not known.
    """

    model: Path
    quantization: str | None = None
    normalization: Normalization | None = None
    io: str = "int8"
    trust: bool = False
    classes: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the attributes for the child.

        Returns:
            Values of JSON by the names of the attributes.
        """
        normalization = vars(self.normalization) if self.normalization else None
        return {**vars(self), "model": str(self.model.resolve()), "normalization": normalization}


@dataclass(frozen=True)
class Conversion:
    """What the child made.

    Attributes:
        tflite: The bare flatbuffer.
        outputs: float32 (N, classes), the Keras model's outputs for the test images.
        normalization: The range of pixels that was put into the model.
        decided_by: How the range is known.
        output: What the last operator says of the scores, as the card's decision.output; "" where it says nothing.
        versions: Versions of tensorflow and keras.
    """

    tflite: bytes
    outputs: NDArray[np.float32]
    normalization: Normalization
    decided_by: str
    output: str
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
    if not model.is_file():  # a pipe would be waited for without end
        raise ModelError(f"{model}: expected {expected}; received something else than a file (a pipe or a device)")
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


def input_shape(request: Request) -> tuple[int | None, ...]:
    """The shape of a model's input. Costs a start of TensorFlow.

    Args:
        request: Without a quantization.

    Returns:
        The shape without the batch axis; None for an axis of any size.

    Raises:
        ModelError: The model cannot be loaded.
    """
    reply, _ = _ask(request, {}, ())
    return tuple(reply["shape"])


def convert_model(request: Request, test: Split, calibration: Calibration | None) -> Conversion:
    """Convert, and run the Keras model on the test images.

    Args:
        request: The model and what it is to become.
        test: uint8 (N, H, W, C) model inputs, and their class numbers.
        calibration: The sample for a quantization that needs one, else None.

    Returns:
        The .tflite, and what the Keras model gave for the test images.

    Raises:
        ModelError: The model cannot be loaded or converted.
        ModelMismatch: It takes other pictures, or the range of its pixels is not known.
    """
    sample = test.images[:0] if calibration is None else calibration.images
    arrays: dict[str, NDArray[Any]] = {"test": test.images, "truth": test.labels, "calibration": sample}
    reply, files = _ask(request, arrays, (MODEL_FILE, OUTPUTS_FILE))
    with np.load(io.BytesIO(files[OUTPUTS_FILE])) as stored:
        outputs = np.asarray(stored["test"], np.float32)
    versions = {name: str(reply[name]) for name in ("tensorflow", "keras")}
    said = reply["normalization"]
    normalization = Normalization(said["name"], tuple(said["mean"]), tuple(said["std"]))
    return Conversion(files[MODEL_FILE], outputs, normalization, said["decided_by"], reply["output"], versions)


def check_pixel_input(info: TensorInfo, calibration: Calibration) -> None:
    """Check that an integer input tensor takes exactly pixel - 128 (int8) or the pixel (uint8).

    Args:
        info: The input tensor.
        calibration: The sample that its range was found with; the message names its darkest and brightest pixel.

    Raises:
        ModelMismatch: It has another dtype, scale or zero point.
    """
    zero_point = PIXEL_ZERO_POINTS.get(info.dtype)
    if zero_point is not None and (info.scale, info.zero_point) == (PIXEL_SCALE, zero_point):
        return
    span = f"{calibration.darkest}..{calibration.brightest}"
    if (calibration.darkest, calibration.brightest) == (0, 255):
        reason = f"the calibration images span {span}, so the model's first step is not what scales them"
    else:
        reason = f"the calibration images span {span}, not 0..255: brighter or darker pixels would clip on the device"
    expected = f"zero point {-128 if zero_point is None else zero_point}"
    raise ModelMismatch(
        f"expected an {'int8' if zero_point is None else info.dtype} input with scale {PIXEL_SCALE}, {expected} "
        f"(the pixel itself); received {info}: {reason}. Give training images with pixels 0 to 255"
    )


def _ask(
    request: Request, arrays: Mapping[str, NDArray[Any]], wanted: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Run the child on one request: (its reply, the bytes of the files that were asked for)."""
    missing = [name for name in ("tensorflow", "keras") if importlib.util.find_spec(name) is None]
    if missing:
        raise OptionError(f"conversion needs {' and '.join(missing)}: pip install --group train")
    with _tidy_at_the_end(), tempfile.TemporaryDirectory(prefix="convert-") as name:
        folder = Path(name)
        try:
            (folder / REQUEST_FILE).write_text(json.dumps(request.as_json()), "utf-8")
            np.savez(folder / ARRAYS_FILE, **dict(arrays))  # type: ignore[arg-type]
        except OSError as error:
            raise OptionError(
                f"cannot write {sum(array.nbytes for array in arrays.values()) >> 20} MiB of pictures into "
                f"{folder.parent} ({error.strerror}): name a folder with more room, TMPDIR=/path python -m convert ..."
            ) from None
        status = run_child(folder)
        try:
            reply: dict[str, Any] = json.loads((folder / REPLY_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            raise ModelError(_how_it_died(status, folder, request)) from None
        if "error" in reply:
            raise ERRORS[reply["error"]](reply["message"])
        return reply, {name: (folder / name).read_bytes() for name in wanted}


@contextmanager
def _tidy_at_the_end() -> Iterator[None]:
    """Where the system ends this process (kill, a closed terminal), the child and its folder go first."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _how_it_died(status: int, folder: Path, request: Request) -> str:
    if status < 0 and -status != signal.SIGKILL:
        others = "dynamic, float16 or float32" if request.quantization == "int8" else "another one"
        return (
            f"TensorFlow's converter crashed ({_signal_name(-status)}) at {request.quantization or 'loading'}: "
            f"{request.model.name} has something it cannot do there. Try --quantization {others} "
            "(DEBUG=1 shows all it said)"
        )
    if -status == signal.SIGKILL:
        return (
            "the conversion process was killed, mostly for want of memory: close other programs, or give fewer images"
        )
    return f"the conversion process died with status {status}: {_last_words(folder)} (DEBUG=1 shows all it said)"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


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
