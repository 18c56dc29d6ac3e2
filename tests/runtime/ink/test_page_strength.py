"""How far ink stands above its paper, and the mask of what does."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.image.pixels import Gray
from runtime.ink.page_strength import ink_mask, page_strength, smoothed


def page(paper: Gray, ink_share: float) -> Gray:
    """A page in which ink takes a share of the paper's light; as a channel in which ink is bright."""
    levels = paper.astype(float)
    for x in range(40, 260, 30):
        levels[50:150, x : x + 4] *= 1 - ink_share
    return np.asarray(255 - levels.round(), np.uint8)


def test_dark_ink_is_measured_as_a_share_of_its_papers_light() -> None:
    paper = np.tile(np.linspace(230, 120, 300), (200, 1)).astype(np.uint8)
    strength = page_strength(page(paper, 0.6), light_on_dark=False)
    on_strokes = [strength[60:140, x + 1 : x + 3].mean() for x in range(40, 260, 30)]
    assert on_strokes == pytest.approx([0.6 * 255] * len(on_strokes), rel=0.2)
    assert max(on_strokes) - min(on_strokes) < 0.1 * 255
    assert strength[:40].max() < 0.05 * 255


def test_light_ink_is_measured_in_gray_levels() -> None:
    board = np.full((200, 300), 40, np.uint8)
    board[50:150, 100:104] = 200
    strength = page_strength(board, light_on_dark=True)
    assert strength[60:140, 101:103].mean() == pytest.approx(160, rel=0.2)
    assert strength[:, :90].max() < 10


def test_the_mask_has_the_strokes_and_nothing_else() -> None:
    mask = ink_mask(page_strength(page(np.full((200, 300), 220, np.uint8), 0.6), light_on_dark=False))
    assert mask is not None
    assert mask[60:140, 41:43].all()
    assert not mask[:40].any()
    assert not mask[:, :35].any()


@pytest.mark.parametrize("texture", ["plain", "grain", "checks"])
def test_a_page_without_writing_has_no_mask(texture: str) -> None:
    strength = np.zeros((200, 300), np.uint8)
    if texture == "grain":
        strength = np.random.default_rng(3).integers(0, 40, strength.shape, np.uint8)
    if texture == "checks":
        strength[:] = 200
        strength[::9] = 0
    assert ink_mask(strength) is None


def test_a_small_picture_is_not_smoothed() -> None:
    small, large = (np.random.default_rng(4).integers(0, 256, (side, side), np.uint8) for side in (64, 65))
    assert smoothed(small) is small
    assert smoothed(large).std() < 0.5 * large.std()
