"""Printed characters: every font has them, and unusual forms are left out."""

from __future__ import annotations

import numpy as np
import pytest

from train.synthetic.fonts import FONTS, fill_text, fonts_for, shape_of
from train.synthetic.pen import CANVAS, MARK


@pytest.mark.parametrize("font", FONTS)
def test_every_font_has_digits_and_letters(font: str) -> None:
    for character in "0123456789AR":
        shape = shape_of(character, font)
        assert shape.shape == (CANVAS, CANVAS)
        assert 0.02 < shape.mean() / 255 < 0.5
        assert not shape.flags.writeable  # the next caller gets the same array


def test_characters_come_only_from_fonts_that_have_them() -> None:
    assert "cmr10" in fonts_for("7")
    assert "cmr10" not in fonts_for("β")
    assert "DejaVuSansMono" not in fonts_for("0")  # its zero has a stroke within
    beta = [shape_of("β", font) for font in fonts_for("β")]
    box = [shape_of("ﷺ", font) for font in fonts_for("β")]  # none has this: they draw a box
    assert all((b != o).any() for b, o in zip(beta, box, strict=True))


def test_the_longer_side_fills_the_mark_and_the_text_is_in_the_middle() -> None:
    for text in ("1", "W", "AHMW"):
        y, x = np.nonzero(fill_text(text, "DejaVuSans") > 127)
        sides = np.ptp(x) + 1, np.ptp(y) + 1
        assert abs(max(sides) - MARK) <= 2
        assert abs(x.min() + x.max() + 1 - CANVAS) <= 2
        assert abs(y.min() + y.max() + 1 - CANVAS) <= 2


def test_a_shape_is_made_once() -> None:
    assert shape_of("7", "cmr10") is shape_of("7", "cmr10")
    np.testing.assert_array_equal(shape_of("7", "cmr10"), fill_text("7", "cmr10"))
