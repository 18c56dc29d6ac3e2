"""Classify the sample pictures and print inputs and outputs to the byte, as one JSON object.

It runs on the host and on each board. pixels: the model input as preprocessing here computes it. on_given: the
output tensor for the inputs that the host computed, where a file of them is given.
"""

from __future__ import annotations

import base64
import json
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.preprocess import prepare
from runtime.tflite.tensors import quantize_input


def main() -> None:
    folder, given = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()) if len(sys.argv) > 2 else {}
    classifier = Classifier.load()
    shape = classifier.card.input.shape

    def output(pixels: bytes) -> str:
        image = np.frombuffer(pixels, np.uint8).reshape(shape)
        return classifier.interpreter.run(quantize_input(image, classifier.interpreter.input)).tobytes().hex()

    readings = {}
    for path in sorted([*folder.glob("*.jpg"), *folder.glob("*.png")]):
        image = read_image(path)
        prepared = prepare(image, classifier.card.input)
        pixels = prepared.pixels.tobytes() if prepared else b""
        prediction = classifier.predict(image)
        readings[path.name] = {
            "pixels": base64.b64encode(pixels).decode(),
            "output": output(pixels) if pixels else "",
            "on_given": output(base64.b64decode(given[path.name])) if given.get(path.name) else "",
            "label": prediction.label,
            "score": prediction.score,
            "reason": prediction.reason,
        }
    found = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "glibc": platform.libc_ver()[1],
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "interpreter": classifier.interpreter.name,
        "tensorflow": find_spec("tensorflow") is not None,
        "readings": readings,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
