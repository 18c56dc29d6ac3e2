"""What labeled pictures decide of a model: scale, resize, order of colors, and whether its labels are its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.adoption.candidates import MIN_CLASSES, MIN_PICTURES, Result, best_by, is_better
from runtime.adoption.chance import SIGNIFICANT, blind_to, chance_of, tail
from runtime.errors import ModelError

SATURATED = 0.995  # mean of the best scores: a float model that is fed 255 times too much is sure of everything


@dataclass(frozen=True)
class Decided:
    """What the pictures decided.

    Attributes:
        result: How the model is fed, and what it gave.
        truth: int64 of all pictures, classes; moved where the labels were.
        by: Evidence by the name of the decision; those of which the pictures told nothing are left out.
        moved: By how many classes the labels had to be moved: 0, 1 or -1.
        warning: One sentence; "" where there is none.
    """

    result: Result
    truth: NDArray[np.int64]
    by: dict[str, str]
    moved: int = 0
    warning: str = ""

    @property
    def right(self) -> int:
        """How many of the pictures are read rightly."""
        return self.result.right(self.truth)


def decide(results: Sequence[Result], truth: NDArray[np.int64], may_move: bool) -> Decided:
    """Choose how a model is fed.

    Args:
        results: Of every way that is possible, the usual ones first.
        truth: int64 of all pictures, classes.
        may_move: Whether labels may be moved by one class, as a background class moves them.

    Returns:
        The choice.

    Raises:
        ModelError: The pictures cannot tell which scale; the message has the two that are alike.
    """
    moved = _move(results, truth) if may_move else 0
    classes = results[0].scores.shape[1]
    truth = (truth + moved) % classes
    by: dict[str, str] = {}
    left = list(results)
    for field in ("scale", "color", "resize"):
        best = best_by(left, field, truth)
        if len(best) == 1:
            continue
        if field == "scale":
            _check_scale(best, truth)
        elif not _is_told(best, truth):
            kept = getattr(results[0].way, field)  # the usual one
            left = [result for result in left if getattr(result.way, field) == kept]
            continue
        chosen = getattr(best[0].way, field)
        left = [result for result in left if getattr(result.way, field) == chosen]
        by[field] = _evidence(best, truth)
    return Decided(left[0], truth, by, moved, _warning(left[0], results))


def explain_useless(decided: Decided, labels: Sequence[str]) -> str:
    """Say that a model reads no better than chance, or never reads a class.

    Args:
        decided: What the pictures decided.
        labels: Names of the classes by index.

    Returns:
        One line; "" for a model that is of use.
    """
    seen = decided.truth[decided.result.seen]
    answers = decided.result.answers()
    of, right = len(seen), decided.right
    chance = chance_of(seen, answers, len(labels))
    if tail(right, of, chance) >= SIGNIFICANT:
        if tail(of, of, min(chance, 0.999)) >= SIGNIFICANT:
            return f"{of} pictures are too few to tell {right} right answers from chance; give {MIN_PICTURES} or more"
        return f"reads {right} of {of}, no better than chance: are these its classes, in this order?"
    blind = blind_to(seen, answers)
    if blind:
        number, count = blind[0]
        return f"never reads {labels[number]}: 0 of {count}, though {right} of {of} pictures are read rightly"
    return ""


def _move(results: Sequence[Result], truth: NDArray[np.int64]) -> int:
    """By how many classes the labels have to be moved so that the answers are better than chance."""
    classes = results[0].scores.shape[1]
    best = {}
    for step in (0, 1, -1):
        moved = (truth + step) % classes
        best[step] = min(_probability(result, moved) for result in results)
    if best[0] < SIGNIFICANT or min(best.values()) >= SIGNIFICANT:
        return 0
    return min(best, key=lambda step: best[step])


def _probability(result: Result, truth: NDArray[np.int64]) -> float:
    seen, answers = truth[result.seen], result.answers()
    return tail(result.right(truth), len(seen), chance_of(seen, answers, result.scores.shape[1]))


def _is_told(best: Sequence[Result], truth: NDArray[np.int64]) -> bool:
    seen = truth[best[0].seen]
    return len(seen) >= MIN_PICTURES and len(set(seen.tolist())) >= MIN_CLASSES and is_better(best[0], best[1], truth)


def _check_scale(best: Sequence[Result], truth: NDArray[np.int64]) -> None:
    seen = truth[best[0].seen]
    if len(seen) < MIN_PICTURES or len(set(seen.tolist())) < MIN_CLASSES:
        raise ModelError(
            f"{len(seen)} pictures of {len(set(seen.tolist()))} classes do not tell which pixels the model takes: give "
            f"{MIN_PICTURES} or more of {MIN_CLASSES} or more classes, or say --scale"
        )
    if not is_better(best[0], best[1], truth):
        one, other = (result.way.scale.name for result in best[:2])
        right = " and ".join(str(result.right(truth)) for result in best[:2])
        raise ModelError(f"the pictures cannot tell {one} from {other} ({right} of {len(seen)}): say --scale")


def _evidence(best: Sequence[Result], truth: NDArray[np.int64]) -> str:
    losses = [float(result.losses(truth).mean()) for result in best[:2]]
    return f"{len(best[0].seen)} pictures, loss {losses[0]:.2f} against {losses[1]:.2f}"


def _warning(chosen: Result, results: Sequence[Result]) -> str:
    sure = [(result.way.scale.name, float(result.scores.max(axis=1).mean())) for result in results]
    mine = next(value for result, (_, value) in zip(results, sure, strict=True) if result is chosen)
    if mine >= SATURATED and any(value < SATURATED for _, value in sure):
        return f"it is sure of every picture (mean best score {mine:.3f}): its scores say little, or the scale is wrong"
    return ""
