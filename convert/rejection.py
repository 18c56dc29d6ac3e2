"""Below which score the device says "unsure": chosen on validation digits and on marks that are no digit. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.temperature import Scores

DEFAULT_THRESHOLD = 0.5  # where there are no negatives to choose by: more likely than all others together
COST = 5.0  # of a class image turned away, where a negative let through costs 1
STEP = 0.005  # between two thresholds that are tried
MOST_PASSED = 0.03  # of the synthetic negatives are let through: what real pictures show is less like them
MOST_LOST = 0.02  # of the images that are read rightly are turned away for that

CHOSEN = (
    f"on the validation images: the threshold with the least of {COST:g} times the share of images that are read "
    "rightly and turned away, plus the share of negatives let through, of those that turn no more than "
    f"{MOST_LOST:.0%} away and let no more than {MOST_PASSED:.0%} through; where there is none, of those that turn no "
    "more away the one that lets the fewest through"
)
GIVEN = "given by --reject-threshold"
ASSUMED = "there were no negatives to choose it by"


@dataclass(frozen=True)
class Threshold:
    """value: 0 to 1. how: in words, for the card. turned_away: share of the images read rightly whose score is
    below it. let_through: share of negatives whose score is not. Shares are None where there was none to count."""

    value: float
    how: str
    false_reject_rate: float | None = None
    false_accept_rate: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the card and parity.json."""
        shares = {"false_reject_rate": self.false_reject_rate, "false_accept_rate": self.false_accept_rate}
        rounded = {name: None if share is None else round(share, 5) for name, share in shares.items()}
        return {"value": self.value, "how": self.how, **rounded}


def threshold(images: Scores, truth: NDArray[np.int64], negatives: Scores, given: float | None = None) -> Threshold:
    """The reject threshold: `given`, else as CHOSEN says, else DEFAULT_THRESHOLD where there are no negatives.

    images: probabilities (N, classes) after the temperature, truth: (N,). negatives: (K, classes) likewise.
    Cost does not know how many marks a device will see that are no digit; a small model, for which all are dear,
    would let many through to keep its digits. Hence the limits. Of thresholds that do as well the middle one is
    taken.
    """
    right = images.max(axis=1)[images.argmax(axis=1) == truth] if len(images) else np.zeros(0)
    false = negatives.max(axis=1) if len(negatives) else np.zeros(0)
    if given is None and not (len(right) and len(false)):
        return Threshold(DEFAULT_THRESHOLD, ASSUMED)
    if given is not None:
        return Threshold(given, GIVEN, *(_shares(right, false, given)))
    tried = np.arange(STEP, 1.0, STEP)
    lost, passed = np.array([_both(right, false, float(value)) for value in tried]).T
    bearable = lost <= MOST_LOST
    strict = bearable & (passed <= MOST_PASSED)
    costs = np.where(strict, COST * lost + passed, np.inf) if strict.any() else np.where(bearable, passed, np.inf)
    value = float(np.round(np.median(tried[costs <= costs.min() + 1e-12]), 4))
    return Threshold(value, CHOSEN, *_both(right, false, value))


def _shares(right: Scores, false: Scores, value: float) -> tuple[float | None, float | None]:
    lost, passed = _both(right, false, value)
    return lost if len(right) else None, passed if len(false) else None


def _both(right: Scores, false: Scores, value: float) -> tuple[float, float]:
    """Shares turned away and let through; 0 of none."""
    return float(np.sum(right < value) / max(1, len(right))), float(np.sum(false >= value) / max(1, len(false)))
