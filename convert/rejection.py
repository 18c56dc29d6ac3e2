"""The reject threshold: a score below it is "unsure" on the device. Chosen on validation images and negatives. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.temperature import Scores

DEFAULT_THRESHOLD = 0.5  # where there are no negatives to choose by: more probable than all others together
COST = 5.0  # of a class image rejected, where a negative accepted costs 1
STEP = 0.005  # between two thresholds that are tried
MAX_FALSE_ACCEPT_RATE = 0.03  # of the synthetic negatives; those of real pictures are less like them
MAX_FALSE_REJECT_RATE = 0.02  # of the images that are read rightly
EQUAL_COST = 1e-12  # costs this near to each other are equal: floating point

CHOSEN = (
    f"on the validation images: the threshold with the least of {COST:g} times the false reject rate (the share of "
    "images read rightly that are rejected) plus the false accept rate (the share of negatives accepted), of those "
    f"with a false reject rate of at most {MAX_FALSE_REJECT_RATE:.0%} and a false accept rate of at most "
    f"{MAX_FALSE_ACCEPT_RATE:.0%}; where there is none, the one with the least false accept rate of those with a false "
    f"reject rate of at most {MAX_FALSE_REJECT_RATE:.0%}"
)
GIVEN = "given by --reject-threshold"
ASSUMED = "there were no negatives to choose it by"


@dataclass(frozen=True)
class Threshold:
    """A reject threshold and its cost.

    Attributes:
        value: 0 to 1.
        how: How it was found, in words, for the card.
        false_reject_rate: The share of the images read rightly whose score is below it; None without such images.
        false_accept_rate: The share of negatives whose score is not below it; None without negatives.
    """

    value: float
    how: str
    false_reject_rate: float | None = None
    false_accept_rate: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the attributes for the card and parity.json.

        Returns:
            Values by the names of the attributes; rates are rounded.
        """
        rates = {"false_reject_rate": self.false_reject_rate, "false_accept_rate": self.false_accept_rate}
        rounded = {name: None if rate is None else round(rate, 5) for name, rate in rates.items()}
        return {"value": self.value, "how": self.how, **rounded}


def choose_threshold(
    probabilities: Scores, truth: NDArray[np.int64], negatives: Scores, given: float | None = None
) -> Threshold:
    """Choose the reject threshold: `given`, else as CHOSEN says, else DEFAULT_THRESHOLD without negatives.

    The cost does not know how many negatives a device will see. By cost alone, a small model, which would have to
    reject many class images, would accept many negatives; hence the limits. Of thresholds that do as well the middle
    one is taken.

    Args:
        probabilities: (N, classes) of the validation images, after the temperature.
        truth: (N,) class numbers.
        negatives: (K, classes), likewise, of pictures of none of the classes.
        given: A threshold to keep and measure, 0 to 1.

    Returns:
        The threshold, with its rates on these images.
    """
    scores = probabilities.max(axis=1)[probabilities.argmax(axis=1) == truth] if len(probabilities) else np.zeros(0)
    negative_scores = negatives.max(axis=1) if len(negatives) else np.zeros(0)
    if given is not None:
        return Threshold(given, GIVEN, *_measured_rates(scores, negative_scores, given))
    if not (len(scores) and len(negative_scores)):
        return Threshold(DEFAULT_THRESHOLD, ASSUMED)
    tried = np.arange(STEP, 1.0, STEP)
    rejected, accepted = np.array([_rates(scores, negative_scores, float(value)) for value in tried]).T
    few_rejected = rejected <= MAX_FALSE_REJECT_RATE
    allowed = few_rejected & (accepted <= MAX_FALSE_ACCEPT_RATE)
    if allowed.any():
        costs = np.where(allowed, COST * rejected + accepted, np.inf)
    else:
        costs = np.where(few_rejected, accepted, np.inf)
    value = float(np.round(np.median(tried[costs <= costs.min() + EQUAL_COST]), 4))
    return Threshold(value, CHOSEN, *_rates(scores, negative_scores, value))


def _measured_rates(scores: Scores, negative_scores: Scores, value: float) -> tuple[float | None, float | None]:
    rejected, accepted = _rates(scores, negative_scores, value)
    return rejected if len(scores) else None, accepted if len(negative_scores) else None


def _rates(scores: Scores, negative_scores: Scores, value: float) -> tuple[float, float]:
    """(false reject rate, false accept rate); 0 without images."""
    rejected = float(np.sum(scores < value) / max(1, len(scores)))
    return rejected, float(np.sum(negative_scores >= value) / max(1, len(negative_scores)))
