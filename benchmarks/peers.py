"""The same Keras network in ONNX Runtime, in float and in int8 by its own static quantizer."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import OptionError

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
# Its two schemes for x86, activations then weights: which is the faster one depends on the processor.
SCHEMES = {"S8S8": ("QInt8", "QInt8"), "U8S8": ("QUInt8", "QInt8")}
OPSET = 17  # new enough for quantization by channel

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # float32 (1, H, W, C) to (1, classes)


def sessions(model: Path, calibration: NDArray[np.uint8], folder: Path) -> dict[str, Run]:
    """Load a Keras network into ONNX Runtime, on one thread.

    Args:
        model: A .keras file.
        calibration: uint8 (N, H, W, C) model inputs, for the quantizer.
        folder: For the files made on the way.

    Returns:
        A function from float32 (1, H, W, C) to (1, classes), by what it computes in: "float32", and "int8 SCHEME" for
        each of SCHEMES.

    Raises:
        OptionError: ONNX Runtime is not installed.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise OptionError(f"this benchmark needs {', '.join(missing)}: pip install --group peers")
    plain = _export(model, calibration.shape[1:], folder)
    found = {"float32": _session(plain)}
    for scheme in SCHEMES:
        found[f"int8 {scheme}"] = _session(_quantized(plain, scheme, calibration))
    return found


def _export(model: Path, shape: tuple[int, ...], folder: Path) -> Path:
    """The network as ONNX, prepared for quantization as its makers advise: shapes known, operations fused."""
    import keras
    from onnxruntime.quantization.shape_inference import quant_pre_process

    exported, plain = folder / "exported.onnx", folder / "float32.onnx"
    signature = [keras.InputSpec(shape=(1, *shape), dtype="float32", name="pixels")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras's patch of tf2onnx, about NumPy names
        keras.models.load_model(model, compile=False).export(
            str(exported), format="onnx", verbose=False, input_signature=signature, opset_version=OPSET
        )
    quant_pre_process(str(exported), str(plain), skip_symbolic_shape=True)  # all shapes are fixed: nothing to infer
    return plain


def _quantized(plain: Path, scheme: str, calibration: NDArray[np.uint8]) -> Path:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """The pictures one by one, as the quantizer asks for them."""

        def __init__(self) -> None:
            self._left = iter(calibration)

        def get_next(self) -> dict[str, Any] | None:
            image = next(self._left, None)
            return None if image is None else {"pixels": image[np.newaxis].astype(np.float32)}

    made = plain.with_name(f"{scheme}.onnx")
    activations, weights = (getattr(QuantType, name) for name in SCHEMES[scheme])
    quantize_static(
        str(plain),
        str(made),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=activations,
        weight_type=weights,
    )
    return made


def _session(path: Path) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = session.run(None, {name: pixels})[0]
        return scores

    return run
