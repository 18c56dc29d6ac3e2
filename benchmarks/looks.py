"""What a second look at a picture gains, in a network that looks twice (train/views.py): python -m benchmarks.looks

The network of finished runs answers to the validation images as they are, and on average to two, three, five and nine
copies of each, shifted by a pixel. The test images are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.page import PAGE, table, write_between
from convert.confidence import Scores, fit_temperature, negative_log_likelihood
from runtime.command import Parser, note_line, run
from runtime.errors import DataError

EXAMPLE = "  python -m benchmarks.looks artifacts/leaderboard/cnn-0 artifacts/leaderboard/cnn-1"
View = tuple[int, int]  # pixels to the right and down
SETS: dict[str, tuple[View, ...]] = {
    "as it is": ((0, 0),),
    "two, side by side": ((0, 0), (1, 0)),
    "two, a step aslant": ((0, 0), (-1, -1)),
    "two, a knight's move apart": ((1, 0), (-1, -1)),
    "three": ((1, 0), (0, 1), (-1, -1)),
    "five": ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)),
    "nine": tuple((right, down) for right in (-1, 0, 1) for down in (-1, 0, 1)),
}
PARTS = {"MNIST's": ("x_val", "y_val"), "drawn and spoilt": ("x_hard", "y_hard")}  # keys of dataset.npz


def main() -> int:
    """Ask every run, print the table; with --page write docs/models.md."""
    parser = Parser("python -m benchmarks.looks", "Compare one look at a picture with several.", EXAMPLE)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of python -m train")
    parser.add_argument("--page", action="store_true", help="write the table into docs/models.md")
    options = parser.parse()

    from train.quiet import import_tensorflow

    import_tensorflow()
    text = report([figures(folder) for folder in options.runs])
    print(text)
    if options.page:
        write_between(PAGE, "looks", text)
        note_line(f"wrote {PAGE}")
    return 0


def figures(folder: Path) -> NDArray[np.float64]:
    """(sets, parts, 2): errors, and the loss at the temperature that suits it best."""
    network = once(folder / "model.keras")
    found = []
    with np.load(folder / "dataset.npz") as arrays:
        parts = [(arrays[x], arrays[y].astype(np.int64)) for x, y in PARTS.values()]
    for images, truth in parts:
        shifts = {view for views in SETS.values() for view in views}
        answers = {view: _answers(network, shifted(images, *view)) for view in shifts}
        found.append([_judged(np.mean([answers[view] for view in views], axis=0), truth) for views in SETS.values()])
    by_sets: NDArray[np.float64] = np.array(found).swapaxes(0, 1)
    return by_sets


def once(path: Path) -> Any:
    """The network inside one that looks twice: keras.Model from pixels over 255 to outputs. Raises DataError where
    it is another model."""
    import keras

    model = keras.models.load_model(path, compile=False)
    joined = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    if not joined:
        raise DataError(f"{path}: expected a network that looks twice, such as cnn; received one that does not")
    return keras.Model(joined[0].output, model.layers[-1].output)


def shifted(images: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    """Copies of (N, H, W, C) moved by a pixel at most, black moved in."""
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return padded[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def _answers(network: Any, images: NDArray[np.uint8]) -> Scores:
    answers = network.predict(images.astype(np.float32) / 255, batch_size=500, verbose=0)
    scores: Scores = np.asarray(answers, np.float64)
    return scores


def _judged(scores: Scores, truth: NDArray[np.int64]) -> tuple[float, float]:
    loss = negative_log_likelihood(scores, truth, fit_temperature(scores, truth))
    return float((scores.argmax(axis=1) != truth).sum()), loss


def report(found: Sequence[NDArray[np.float64]]) -> str:
    """A row a set of copies: the means over the runs."""
    mean = np.mean(found, axis=0)
    rows = [
        [name, str(len(views)), *(text for errors, loss in parts for text in (f"{errors:.1f}", f"{loss:.4f}"))]
        for (name, views), parts in zip(SETS.items(), mean, strict=True)
    ]
    head = ["copies", "times", *(f"{part}: {what}" for part in PARTS for what in ("errors", "loss"))]
    return (
        f"{table(head, rows)}\n\n`python -m benchmarks.looks`: validation images, mean of {len(found)} "
        f"run{'s' if len(found) > 1 else ''}; loss in nats, at the temperature that suits it."
    )


if __name__ == "__main__":
    run(main)
