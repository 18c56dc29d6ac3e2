"""The options of --mqtt."""

from __future__ import annotations

import pytest

from runtime.cli.parser import Parser
from runtime.outputs import mqtt
from tests.runtime.helpers import command
from tests.runtime.outputs.helpers import context


def parser() -> Parser:
    made = Parser("camera", "It looks.", "camera")
    mqtt.add_options(made)
    return made


def test_nothing_is_opened_unasked() -> None:
    assert mqtt.open_output(parser().parse([]), context()) is None


@pytest.mark.parametrize("words", [["--discovery"], ["--mqtt-ca", "ca.pem"], ["--mqtt-password-file", "secret"]])
def test_options_that_need_a_broker(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {words[0]}: needs --mqtt\n")
    assert parser().parse([*words, "--mqtt", "mqtt://pi"]).mqtt == "mqtt://pi"


def test_the_command_says_so() -> None:
    done = command("runtime.camera", "--mqtt-ca", "ca.pem")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("error: argument --mqtt-ca: needs --mqtt\n")
