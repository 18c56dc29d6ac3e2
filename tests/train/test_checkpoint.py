"""Checkpoints: an epoch counts from one replacement on, and from no moment before it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from runtime.errors import DataError, OptionError
from train import checkpoint
from train.checkpoint import Epoch, History, best_epoch, commit, discard, history_of, model_path

OPTIONS = {"--model": "cnn", "--epochs": 5, "--learning-rate": 0.002}


def epochs(*val_losses: float | None) -> History:
    return tuple(
        Epoch(number, 0.1 + 0.2, 0.9, loss, None if loss is None else 0.5, 1e-3, 1.25)
        for number, loss in enumerate(val_losses, start=1)
    )


def commit_text(folder: Path, history: History) -> None:
    commit(folder, OPTIONS, history, lambda path: path.write_text(f"model {len(history)}"))


@pytest.mark.parametrize(
    ("losses", "best"),
    [((None,), 1), ((None, None, None), 3), ((0.5, 0.2, 0.3), 2), ((0.2, 0.2), 1), ((math.nan, 0.9), 2), ((0.0, 1), 1)],
)
def test_the_best_epoch(losses: tuple[float | None, ...], best: int) -> None:
    assert best_epoch(epochs(*losses)) == best


def test_what_is_committed_comes_back_and_only_the_last_and_the_best_are_kept(tmp_path: Path) -> None:
    history = epochs(0.3, 0.1, 0.2, 0.4)
    for count in range(1, 5):
        commit_text(tmp_path, history[:count])
        assert history_of(tmp_path, OPTIONS) == history[:count]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["epoch-0002.keras", "epoch-0004.keras", "state.json"]
    assert model_path(tmp_path, 2).read_text() == "model 2"


def test_a_death_before_the_state_is_replaced_leaves_the_epoch_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = epochs(0.3, 0.1)
    commit_text(tmp_path, history[:1])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        commit(tmp_path, OPTIONS, history, die)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_text", die)
        with pytest.raises(KeyboardInterrupt):
            commit_text(tmp_path, history)
    assert history_of(tmp_path, OPTIONS) == history[:1]
    assert model_path(tmp_path, 1).read_text() == "model 1"
    (tmp_path / ".epoch-0002.99.keras").write_text("what a kill left")
    commit_text(tmp_path, history)
    assert history_of(tmp_path, OPTIONS) == history
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-0002.keras", "state.json"]


def test_other_options_are_named(tmp_path: Path) -> None:
    commit_text(tmp_path, epochs(0.1))
    with pytest.raises(OptionError, match=r"the interrupted run had --epochs 5; received --epochs 9"):
        history_of(tmp_path, {**OPTIONS, "--epochs": 9})


def test_nothing_there_is_no_history(tmp_path: Path) -> None:
    assert history_of(tmp_path / "nowhere", OPTIONS) == ()
    assert discard(tmp_path / "nowhere") == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"options": {}}', '{"options": {}, "history": [{"epoch": 1}]}'])
def test_a_damaged_state_is_an_error_to_resume_and_nothing_to_discard(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(DataError, match=r"state\.json: damaged .*leave --resume out"):
        history_of(tmp_path, OPTIONS)
    assert discard(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_missing_model_is_an_error(tmp_path: Path) -> None:
    commit_text(tmp_path, epochs(0.1))
    model_path(tmp_path, 1).unlink()
    with pytest.raises(DataError, match=r"epoch-0001\.keras: missing"):
        history_of(tmp_path, OPTIONS)


def test_discard_forgets_everything(tmp_path: Path) -> None:
    commit_text(tmp_path, epochs(0.1, 0.05))
    assert discard(tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_csv(tmp_path: Path) -> None:
    checkpoint.write_csv(tmp_path / "history.csv", epochs(0.5, None))
    assert (tmp_path / "history.csv").read_text().splitlines() == [
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds",
        "1,0.30000000000000004,0.9,0.5,0.5,0.001,1.25",
        "2,0.30000000000000004,0.9,,,0.001,1.25",
    ]
