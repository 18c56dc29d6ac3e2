"""Classify every picture of a folder, and count the readings.

Command: python examples/classify_folder.py samples
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from runtime import Classifier, ImageError, read_image


def main(folder: str) -> int:
    """Print a line for each picture, and the counts at the end.

    Args:
        folder: With the pictures.

    Returns:
        The exit status, 0.
    """
    classifier = Classifier.load()
    counts: Counter[str] = Counter()
    for path in sorted(Path(folder).iterdir()):
        try:
            image = read_image(str(path))
        except ImageError:
            continue  # another kind of file
        prediction = classifier.predict(image)
        answer = prediction.label or prediction.reason or ""
        counts[answer] += 1
        print(f"{path.name}: {answer} ({prediction.score:.2f})")
    print(", ".join(f"{count} x {answer}" for answer, count in sorted(counts.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "samples"))
