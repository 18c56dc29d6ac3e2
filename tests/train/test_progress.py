"""Progress of training: a line an epoch, and on a terminal a bar."""

from __future__ import annotations

import io
import sys

import pytest

from train.checkpoint import Epoch
from train.progress import Reporter

FIRST = Epoch(1, 0.51234, 0.9, 0.4, 0.95, 1e-3, 2.04)
LINE = "epoch 1/3  loss 0.5123  accuracy 0.9000  val_loss 0.4000  val_accuracy 0.9500  2.0 s"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def one_epoch(epoch: Epoch) -> None:
    with Reporter(3) as reporter:
        reporter.start_epoch(1, 4)
        for _ in range(4):
            reporter.batch(0.5, 0.9)
        reporter.end_epoch(epoch)


def test_without_a_terminal_an_epoch_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert not Reporter(3).is_live
    one_epoch(FIRST)
    assert capsys.readouterr() == ("", f"{LINE}\n")


def test_without_validation_the_line_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    one_epoch(Epoch(1, 0.5, 0.9, None, None, 1e-3, 2.0))
    assert capsys.readouterr().err == "epoch 1/3  loss 0.5000  accuracy 0.9000  2.0 s\n"


def test_a_terminal_gets_a_bar_and_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    assert Reporter(3).is_live
    one_epoch(FIRST)
    shown = terminal.getvalue()
    assert "epoch 1/3" in shown.partition("loss")[0]  # the bar, which is drawn ten times a second at most
    assert "/4" in shown
    assert LINE in shown
