"""Which range of pixels a model was trained on, by the loss on arrays made for it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.normalization import MIN_IMAGES, PIXELS, SCALES, Trial, beats, candidates, choose, describe, try_out

TRUTH = np.arange(40) % 4


def _scores(sure: float, wrong: int = 0) -> NDArray[np.float64]:
    """Softmax rows that give `sure` to the right class, but for the first `wrong`, which give it to the next one."""
    answers = TRUTH.copy()
    answers[:wrong] = (answers[:wrong] + 1) % 4
    rows = np.full((40, 4), (1 - sure) / 3)
    rows[np.arange(40), answers] = sure
    return rows


def _trials(**scores: NDArray[np.float64]) -> list[Trial]:
    return [try_out(SCALES[name], values, TRUTH) for name, values in scores.items()]


def test_the_least_loss_is_chosen_where_it_leads() -> None:
    trials = [try_out(SCALES["0..255"], _scores(1.0, 5), TRUTH), try_out(SCALES["0..1"], _scores(0.9, 2), TRUTH)]
    best = choose(trials, TRUTH)
    assert best is not None
    assert best.normalization.name == "0..1"
    assert best.correct == 38
    assert describe(trials).startswith("0..1 38 of 40 (loss 0.")


def test_as_many_right_with_less_certainty_is_the_wrong_range() -> None:
    """A ReLU network reads pixels that are 255 times too bright nearly as well: the loss tells, accuracy does not."""
    trials = [try_out(SCALES["0..255"], _scores(1 - 1e-9, 3), TRUTH), try_out(SCALES["0..1"], _scores(0.95, 3), TRUTH)]
    assert [trial.correct for trial in trials] == [37, 37]
    best = choose(trials, TRUTH)
    assert best is not None
    assert best.normalization.name == "0..1"


@pytest.mark.parametrize(
    "truth",
    [TRUTH[: MIN_IMAGES - 1], np.zeros(40, np.int64)],
    ids=["too few images", "one class"],
)
def test_few_images_choose_nothing(truth: NDArray[np.int64]) -> None:
    n = len(truth)
    right, wrong = np.full((n, 4), 0.01), np.full((n, 4), 0.01)
    right[np.arange(n), truth], wrong[np.arange(n), (truth + 1) % 4] = 0.97, 0.97
    trials = [try_out(SCALES["0..1"], right, truth), try_out(PIXELS, wrong, truth)]
    assert choose(trials, truth) is None


def test_no_lead_chooses_nothing() -> None:
    same = _scores(0.9, 3)
    assert choose([try_out(SCALES["0..1"], same, TRUTH), try_out(PIXELS, same, TRUTH)], TRUTH) is None
    broken = np.full((40, 4), np.nan)
    assert choose([try_out(row, broken, TRUTH) for row in candidates(1)], TRUTH) is None


def test_what_is_not_finite_never_leads() -> None:
    sound, broken = try_out(PIXELS, _scores(0.9), TRUTH), try_out(SCALES["0..1"], np.full((40, 4), np.inf), TRUTH)
    assert beats(sound, broken)
    assert not beats(broken, sound)


@pytest.mark.parametrize(
    ("outputs", "truth", "loss"),
    [
        ([[0.5, 0.5]], [0], np.log(2)),  # probabilities
        ([[0.8, 0.2]], [1], -np.log(0.2)),
        ([[0.9, 0.9]], [1], np.log(2)),  # sigmoids
        ([[np.log(3), 0.0]], [0], -np.log(0.75)),  # logits
        ([[0.25]], [1], -np.log(0.25)),  # one sigmoid: the second of two classes
        ([[0.25]], [0], -np.log(0.75)),
        ([[np.log(3)]], [1], -np.log(0.75)),  # one logit
    ],
)
def test_every_last_layer_has_a_loss(outputs: list[list[float]], truth: list[int], loss: float) -> None:
    found = try_out(PIXELS, np.array(outputs), np.array(truth))
    assert found.loss == pytest.approx(loss)


def test_three_means_are_for_three_channels() -> None:
    assert [row.name for row in candidates(1)] == ["0..255", "0..1", "-1..1"]
    assert [row.name for row in candidates(3)] == ["0..255", "0..1", "-1..1", "imagenet"]
    assert [row.name for row in SCALES.values() if row.is_identity] == ["0..255"]


def test_ranges_are_what_they_are_called() -> None:
    for name, ends in {"0..255": (0, 255), "0..1": (0, 1), "-1..1": (-1, 1)}.items():
        row = SCALES[name]
        assert [(pixel - row.mean[0]) / row.std[0] for pixel in (0, 255)] == list(ends)
