"""A decoder whose process ends takes none of ours with it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image import apart
from runtime.image.apart import decode_apart, is_unsafe
from runtime.image.files import decode_image
from tests.runtime.image import made


def test_a_sound_picture_comes_back_and_anything_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made.by_opencv(".jp2", made.scene())
    picture = decode_apart(data)
    assert picture is not None
    assert np.array_equal(picture, decode_image(data, "whole.jp2"))
    assert decode_apart(b"text") is None
    monkeypatch.setattr(apart, "PROGRAM", "import os; os.kill(os.getpid(), 11)")
    assert decode_apart(data) is None


def test_it_goes_by_the_version_of_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    for version, unsafe in (("4.10.0", True), ("4.12.0", True), ("5.0.0", False), ("5.1.0-dev", False)):
        monkeypatch.setattr(cv2, "__version__", version)
        assert is_unsafe("JPEG 2000") == unsafe
        assert not is_unsafe("PNG")
