"""Sheets of pictures: which are chosen, what stands below them, and that nothing lies on top of anything."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from train.report.sheets import RANDOM, WORST, Caption, Sheet, answers, choose_balanced, disagreement, drawn, mistakes

RNG = np.random.default_rng(0)
COUNT = 200
IMAGES = RNG.integers(0, 256, (COUNT, 12, 12, 3), np.uint8)
TRUTH = np.arange(COUNT) % 4
LABELS = ("cat", "dog", "a very long name of a class", "$")


def probabilities(wrong: int) -> NDArray[np.float32]:
    """Sure and right, but for the first `wrong` images, which are taken for the next class, less and less surely."""
    found = np.full((COUNT, 4), 0.01, np.float32)
    found[np.arange(COUNT), TRUTH] = 0.97
    for index in range(wrong):
        sure = 0.95 - 0.002 * index
        found[index] = 0.01
        found[index, (TRUTH[index] + 1) % 4] = sure
        found[index, TRUTH[index]] = 0.98 - sure
    return found


def test_a_balanced_choice_has_every_class() -> None:
    labels = np.array([0] * 90 + [1] * 7 + [2] * 3)
    chosen = choose_balanced(labels, 20, np.random.default_rng(1))
    assert np.bincount(labels[chosen]).tolist() == [10, 7, 3]
    assert (np.diff(labels[chosen]) >= 0).all()
    np.testing.assert_array_equal(chosen, choose_balanced(labels, 20, np.random.default_rng(1)))


def test_random_answers_are_seeded_and_the_wrong_ones_marked() -> None:
    sheet = answers(IMAGES, TRUTH, probabilities(100), LABELS, seed=5)
    assert len(sheet.images) == len(sheet.captions) == RANDOM
    chosen = np.random.default_rng(5).permutation(COUNT)[:RANDOM]
    np.testing.assert_array_equal(sheet.images, IMAGES[chosen])
    assert [caption.wrong for caption in sheet.captions] == [index < 100 for index in chosen]
    assert f"{sum(index < 100 for index in chosen)} wrong" in sheet.title
    right = np.flatnonzero((chosen >= 100) & (chosen % 4 == 0))
    assert sheet.captions[right[0]].lines == ("cat (97%)", "is cat")


def test_mistakes_come_surest_first_with_two_probabilities() -> None:
    sheet = mistakes(IMAGES, TRUTH, probabilities(40), LABELS)
    np.testing.assert_array_equal(sheet.images, IMAGES[:WORST])
    assert sheet.captions[0].lines == ("is cat", "dog (95.0%)", "cat (3.0%)")
    assert sheet.title.startswith(f"The surest {WORST} of 40 mistakes")


def test_no_mistake_is_a_title_alone() -> None:
    sheet = mistakes(IMAGES, TRUTH, probabilities(0), LABELS)
    assert sheet.title == "No mistake on 200 test images"
    assert drawn([sheet]).get_size_inches()[1] < 1


def test_no_text_lies_on_another_or_runs_off_the_sheet() -> None:
    long = ["Wide WWWWWWWWW names of classes", *LABELS[1:]]
    sheets = [
        answers(IMAGES, TRUTH, probabilities(100), long, seed=0),
        mistakes(IMAGES, TRUTH, probabilities(40), long),
        Sheet("gray", IMAGES[:3, ..., :1], [Caption(("one", "two"))] * 3),
        Sheet("none", IMAGES[:0]),
    ]
    figure = drawn(sheets, across=2)
    figure.draw_without_rendering()
    axes = [axis for axis in figure.findobj(Axes) if isinstance(axis, Axes)]
    texts = [text for axis in axes for text in axis.texts if text.get_text()]
    assert len(texts) > 200
    left, low, right, high = np.array([text.get_window_extent().extents for text in texts]).T
    assert min(left.min(), low.min()) >= 0
    assert right.max() <= figure.bbox.x1
    assert high.max() <= figure.bbox.y1
    across = (left[:, None] < right) & (left < right[:, None])
    along = (low[:, None] < high) & (low < high[:, None])
    both = np.argwhere(np.triu(across & along, 1))
    assert [(texts[one].get_text(), texts[other].get_text()) for one, other in both] == []


def test_a_disagreement_names_both_answers() -> None:
    one = {
        "index": 3,
        "truth": "cat",
        "float_label": "cat",
        "float_score": 0.51,
        "quantized_label": "dog",
        "quantized_score": 0.493,
    }
    assert disagreement(one).lines == ("is cat", "Keras cat (51%)", ".tflite dog (49%)")
