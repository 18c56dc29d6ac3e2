"""How many models of others are run right, or refused with the reason.

Command: python -m benchmarks.foreign_models FOLDER

FOLDER holds a manifest.json: `models`, each with `file` and, for a classifier, `pictures` (each `file`, `shows`, and
`top`, pairs of label and score, or `outputs`, the rows of the output), `right_preprocessing` (`normalisation` and
`colour`) and `labels_file` or `labels`. A model without `right_preprocessing` has `right_answer`: it must be refused.

A file that says how it is fed is run as a user would run it, with its labels alone. A float file that does not say must
be refused first, and is then run with what the manifest says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.classifier import Classifier
from runtime.cli.parser import Parser, print_error, run
from runtime.errors import EdgeError, SourceError
from runtime.foreign.given import Given
from runtime.foreign.normalization import Scale
from runtime.image.files import read_image
from runtime.tflite.labels import read_labels

EXAMPLE = "  python -m benchmarks.foreign_models ../shared/data/foreign_models"
CLOSE = 0.02  # of a score


@dataclass(frozen=True)
class Verdict:
    """What became of one model.

    Attributes:
        file: Name of the model.
        is_right: Whether it is run right, or refused as it must be.
        said: Its first answers, or the refusal.
        farthest: The largest difference of a best score; 0 where none was compared.
    """

    file: str
    is_right: bool
    said: str
    farthest: float = 0.0


def judge(folder: Path, entry: Mapping[str, Any]) -> Verdict:
    """Run one model of the manifest as a user would.

    Args:
        folder: With the models and pictures.
        entry: Of the manifest.

    Returns:
        Whether all was as the manifest says.
    """
    path, file = folder / entry["file"], str(entry["file"])
    labels = tuple(entry.get("labels") or ()) or None
    if entry.get("labels_file"):
        labels = read_labels(folder / entry["labels_file"]).labels
    right = entry.get("right_preprocessing")
    pictures = entry.get("pictures") or []
    try:
        classifier = Classifier.load(path, labels)
        if not right:
            return Verdict(file, False, f"run, and must be refused: {entry.get('right_answer', entry.get('note'))}")
    except EdgeError as error:
        if len(f"error: {error}") > 300 or not str(error).isprintable():
            return Verdict(file, False, f"no line of 300 characters: {error}")
        given = _given(right, pictures)
        if given is None or ("does not say of which pixels" not in str(error) and "outputs" not in str(error)):
            return Verdict(file, not right or "no scores" in str(error), str(error))
        classifier = Classifier.load(path, labels, given=given)
    said = [_compared(classifier, folder, picture) for picture in pictures]
    shown = "; ".join(text for _, text, _ in said)
    return Verdict(file, all(is_right for is_right, _, _ in said), shown, max((x for _, _, x in said), default=0.0))


def _given(right: Mapping[str, Any] | None, pictures: Sequence[Mapping[str, Any]]) -> Given | None:
    """What a user who knows the model would say of it; None where its file says all that can be said."""
    if not right or not isinstance(right.get("normalisation"), Mapping):
        return None
    mean, std = (tuple(right["normalisation"][name]) for name in ("mean", "std"))
    outputs = pictures[0].get("outputs", [[]]) if pictures else [[]]
    longest = max(range(len(outputs)), key=lambda index: len(outputs[index]))
    size = max(len(mean), len(std))
    scale = Scale("of the manifest", mean * (size // len(mean)), std * (size // len(std)))
    return Given(scale=scale, color=right.get("colour"), output=longest if len(outputs) > 1 else None)


def _compared(classifier: Classifier, folder: Path, picture: Mapping[str, Any]) -> tuple[bool, str, float]:
    """(whether the best label is the manifest's, what was said, difference of the best score)."""
    best = classifier.predict(read_image(folder / picture["file"]), k=1, threshold=0.0).top[0]
    if "top" in picture:
        label, score = picture["top"][0]
        is_right = re.sub(r"^\d+ ", "", str(label)) in (best.label, re.sub(r"^\d+ ", "", best.label))
    else:
        values = np.array(picture["outputs"][classifier.card.decision.output_index], np.float64)
        is_right, score = int(_scores(classifier, values).argmax()) == best.index, _scores(classifier, values).max()
    return is_right, f"{picture['shows']}: {best.label} {best.score:.3f}", abs(float(score) - best.score)


def _scores(classifier: Classifier, values: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    """Probabilities of the manifest's raw outputs."""
    if classifier.card.decision.output == "logits":
        exponentials = np.exp(values - values.max())
        return exponentials / exponentials.sum()
    return np.array([1 - values[0], values[0]]) if len(values) == 1 else values


def main() -> int:
    """Judge every model, and print a line for each and the totals.

    Returns:
        The exit status: 1 where a model is not right, else 0.

    Raises:
        SourceError: There is no manifest.
    """
    options = build_parser().parse()
    folder = Path(options.folder)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"no manifest.json in {folder} that can be read ({error})") from None
    verdicts = []
    for entry in manifest["models"]:
        try:
            verdicts.append(judge(folder, entry))
        except EdgeError as error:
            verdicts.append(Verdict(str(entry["file"]), False, str(error)))
        one = verdicts[-1]
        print(f"{'right' if one.is_right else 'WRONG'}  {one.file}  {one.said}")
    right = sum(one.is_right for one in verdicts)
    close = sum(one.farthest <= CLOSE for one in verdicts)
    print(f"{right} of {len(verdicts)} right; best scores within {CLOSE} for {close}")
    if right < len(verdicts):
        print_error(f"{len(verdicts) - right} models are not run right")
    return 0 if right == len(verdicts) else 1


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser("python -m benchmarks.foreign_models", "Run models of others against a manifest.", EXAMPLE)
    parser.add_argument("folder", metavar="FOLDER", help="models, pictures, and manifest.json")
    return parser


if __name__ == "__main__":
    run(main)
