"""MediaPipe Tasks' ImageClassifier on our .tflite files, in an environment of its own: make test-mediapipe.

compare.py FOLDER. FOLDER has pictures.npz (x, uint8 (N, H, W, 3), R first), and for each of our files NAME.tflite what
we answer to the pictures, NAME.json: a list of [label or null, score]. Exit status 1 where a label differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

MAX_DIFFERENCE = 0.002  # of a score: MediaPipe rounds none, the JSON has 4 digits


def main(folder: Path) -> int:
    pictures = np.load(folder / "pictures.npz")["x"]
    failed = 0
    for file in sorted(folder.glob("*.tflite")):
        ours = json.loads(file.with_suffix(".json").read_text("utf-8"))
        theirs = answers(file, pictures)
        same = sum(
            label == other and abs(score - found) <= MAX_DIFFERENCE
            for (label, score), (other, found) in zip(ours, theirs, strict=True)
        )
        print(f"{file.name}: {same} of {len(ours)} answers the same")
        failed += same != len(ours)
    return int(failed > 0)


def answers(file: Path, pictures: Any) -> list[tuple[str | None, float]]:
    """(the best label, its score) for each picture."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=str(file)), max_results=1)
    found: list[tuple[str | None, float]] = []
    with vision.ImageClassifier.create_from_options(options) as classifier:
        for picture in pictures:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            best = classifier.classify(image).classifications[0].categories
            found.append((best[0].category_name, best[0].score) if best else (None, 0.0))
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
