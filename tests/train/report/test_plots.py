"""Charts: what they show is what they were given, and nothing lies on top of anything."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from train.checkpoint import Epoch
from train.report.plots import MAX_NAMED, confusion, curves, reliability, shortened, tempered
from workbench.metrics import reliability_bins, softmax

LOGITS = np.random.default_rng(0).normal(0, 3, (400, 5))
PROBABILITIES = softmax(LOGITS).astype(np.float32)
TRUTH = np.where(np.arange(400) % 4 > 0, LOGITS.argmax(axis=1), np.arange(400) % 5).astype(np.int64)


def history(epochs: int, validation: bool) -> tuple[Epoch, ...]:
    loss, accuracy = (0.5, 0.9) if validation else (None, None)
    return tuple(Epoch(n, 1 / n, 1 - 0.5 / n, loss, accuracy, 1e-3, 2.0) for n in range(1, epochs + 1))


def test_a_temperature_divides_the_logits() -> None:
    np.testing.assert_allclose(tempered(PROBABILITIES, 1.0), PROBABILITIES, atol=1e-6)
    np.testing.assert_allclose(tempered(PROBABILITIES, 2.5), softmax(LOGITS / 2.5), atol=1e-4)


def test_curves_show_every_epoch_and_both_parts() -> None:
    loss, accuracy = curves(history(4, True), 3, True).axes
    training, validation, kept = loss.lines
    assert list(map(float, np.asarray(training.get_ydata()))) == [1, 1 / 2, 1 / 3, 1 / 4]
    assert list(map(float, np.asarray(validation.get_ydata()))) == [0.5] * 4
    assert kept.get_label() == "kept: epoch 3"
    assert training.get_label() == "training (augmented images)"
    assert (loss.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy")


def test_a_loss_that_is_about_teachers_too_has_a_scale_of_its_own() -> None:
    loss, accuracy, taught = curves(history(4, True), 3, True, True).axes
    assert [line.get_label() for line in loss.lines] == ["validation", "kept: epoch 3"]
    assert list(map(float, np.asarray(taught.lines[0].get_ydata()))) == [1, 1 / 2, 1 / 3, 1 / 4]
    assert len(accuracy.lines) == 3
    assert (loss.get_ylabel(), taught.get_ylabel()) == (
        "loss in validation",
        "loss in training, with the teachers' answers",
    )


def test_one_epoch_without_validation_has_one_tick() -> None:
    figure = curves(history(1, False), 1, False)
    figure.draw_without_rendering()
    assert len(figure.axes[0].lines) == 2
    ticks = [tick for tick in figure.axes[0].get_xticks() if 0.5 < tick < 1.5]
    assert ticks == [1]


def test_the_confusion_matrix_has_truth_in_its_rows() -> None:
    truth, answers = np.array([0, 0, 0, 1, 2]), np.array([0, 2, 2, 1, 2])
    axis = confusion(truth, answers, ("cat", "dog", "owl")).axes[0]
    numbers = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axis.texts}
    assert numbers == {(0, 0): "1", (0, 2): "2", (1, 1): "1", (2, 2): "1"}
    assert axis.get_title() == "5 test images, 2 wrong"
    assert [label.get_text() for label in axis.get_yticklabels()] == ["cat", "dog", "owl"]


def test_a_hundred_long_names_do_not_overlap() -> None:
    labels = [f"{number} costs $5 or $50, a name that never ends" for number in range(100)]
    figure = confusion(np.arange(100), np.arange(100)[::-1].copy(), labels)
    figure.draw_without_rendering()
    axis = figure.axes[0]
    assert not axis.texts
    for names in (axis.get_xticklabels(), axis.get_yticklabels()):
        assert len(names) <= MAX_NAMED
        boxes = [name.get_window_extent() for name in names]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))


def test_reliability_names_both_errors() -> None:
    figure = reliability(PROBABILITIES, TRUTH, 1.7)
    figure.draw_without_rendering()
    _, before, after = figure.axes[0].lines
    assert before.get_label() == f"as trained: calibration error {reliability_bins(PROBABILITIES, TRUTH).error:.2%}"
    error = reliability_bins(tempered(PROBABILITIES, 1.7), TRUTH).error
    assert after.get_label() == f"temperature 1.7: calibration error {error:.2%}"
    assert len(reliability(PROBABILITIES, TRUTH, None).axes[0].lines) == 2


@pytest.mark.parametrize(
    ("name", "short"),
    [("seven", "seven"), ("a" * 16, "a" * 16), ("a" * 17, "a" * 15 + "…"), ("$1 or $2", r"\$1 or \$2")],
)
def test_names_are_cut_and_their_dollars_are_no_mathematics(name: str, short: str) -> None:
    assert shortened(name) == short
