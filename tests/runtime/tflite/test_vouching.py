"""A model is tried once; the next start knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.errors import ModelError
from runtime.tflite import trial
from runtime.tflite.vouching import ensure_sound, marker_of


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[bytes]:
    """The models that were tried, with a cache folder of the test's own."""
    tried: list[bytes] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(trial, "try_out", lambda model, _: tried.append(model))
    return tried


def test_a_model_that_has_passed_is_not_tried_again(tries: list[bytes], bare_model: bytes) -> None:
    ensure_sound(bare_model)
    ensure_sound(bare_model)
    assert tries == [bare_model]
    ensure_sound(bare_model, always=True)
    assert len(tries) == 2
    ensure_sound(bare_model, input_shape=(1, 28, 28, 1))  # of another shape it is another model
    assert len(tries) == 3


def test_a_model_that_has_failed_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tries: list[bytes], bare_model: bytes
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("the model ends the interpreter")

    monkeypatch.setattr(trial, "try_out", fail)
    for _ in range(2):
        with pytest.raises(ModelError):
            ensure_sound(bare_model)
    assert tries == []


def test_it_is_verified_first(tries: list[bytes]) -> None:
    with pytest.raises(ModelError, match=r"expected a \.tflite model"):
        ensure_sound(b"not a model at all")
    assert tries == []


def test_a_cache_that_cannot_be_written_means_a_trial_each_time(
    monkeypatch: pytest.MonkeyPatch, tries: list[bytes], bare_model: bytes, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ensure_sound(bare_model)
    ensure_sound(bare_model)
    assert len(tries) == 2


def test_the_marker_names_model_interpreter_and_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert marker_of("ab" * 32, "a 1.0").startswith(f"{tmp_path}/.cache/edge-classifier/sound-models/abab")
    names = {marker_of("ab" * 32, one, shape) for one in ("a 1.0", "a 1.1") for shape in ("", "1x28x28x1")}
    assert len(names) == 4
    assert Path(marker_of("ab" * 32, "../../a", "/")).parent.name == "sound-models"
