"""The error of a deployment ends a command in one line: it is one of the project's, as commands catch them."""

from __future__ import annotations

import pytest

from deploy.errors import DeployError
from runtime.cli.parser import run
from runtime.errors import EdgeError


def test_a_command_ends_with_its_text_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise DeployError("expected a board;\nreceived a toaster")

    with pytest.raises(SystemExit) as end:
        run(fail)
    assert end.value.code == 1
    assert capsys.readouterr().err == "error: expected a board; received a toaster\n"


def test_it_is_no_kind_of_another_error() -> None:
    assert DeployError.__base__ is EdgeError
