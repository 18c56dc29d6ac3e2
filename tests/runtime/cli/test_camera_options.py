"""The command line of the camera: what is taken, and what is refused before anything is opened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.cli.camera_options import parse
from runtime.errors import OptionError
from runtime.sources.base import SourceOptions


def parsed(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["camera", *words])
    return parse()


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    options = vars(parsed(monkeypatch))
    assert options["source"] == "0"
    assert options["frames"] == SourceOptions()
    assert (options["smoothing"], options["top_k"], options["max_files"], options["output"]) == (1, 3, 1000, [])
    unasked = ("list", "read", "every_frame", "json", "stats", "window", "mqtt", "record", "save_unsure", "count")
    assert {name for name in unasked if options[name]} == set()


def test_what_open_source_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--width=640", "--height=480", "--fps=7.5", "--flip=hv", "--rotate=270", "--roi=1,2,30,40")
    options = vars(parsed(monkeypatch, "/dev/video2", *words))
    assert options["source"] == "/dev/video2"
    assert options["frames"] == SourceOptions(640, 480, 7.5, "hv", 270, (1, 2, 30, 40))


def test_underscores_and_several_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--save_unsure", "kept", "--max_files=7", "--output", "one=a=b", "--output", "two")
    options = vars(parsed(monkeypatch, *words))
    assert (options["save_unsure"], options["max_files"], options["output"]) == ("kept", 7, ["one=a=b", "two"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--roi", "1,2,3"), "argument --roi: expected X,Y,W,H in pixels; received '1,2,3'"),
        (("--roi", "1,2,0,4"), "argument --roi: expected X,Y of 0 or more and W,H of 1 or more; received '1,2,0,4'"),
        (("--roi=-1,2,3,4",), "argument --roi: expected X,Y of 0 or more and W,H of 1 or more; received '-1,2,3,4'"),
        (("--fps", "0"), "argument --fps: expected 0.01 to 1000; received 0"),
        (("--give-up", "-1"), "argument --give-up: expected 0 to 1000000000; received -1"),
        (("--count", "0"), "argument --count: expected 1 or more; received 0"),
        (("--smoothing", "many"), "argument --smoothing: expected a whole number; received 'many'"),
        (("--discovery",), "argument --discovery: needs --mqtt"),
        (("--mqtt-ca", "ca.pem"), "argument --mqtt-ca: needs --mqtt"),
    ],
)
def test_usage_errors(
    words: tuple[str, ...], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(monkeypatch, *words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {complaint}\n")


def test_a_recording_does_not_replace_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clip.avi").write_bytes(b"")
    (tmp_path / "link.avi").symlink_to("clip.avi")
    for name in ("clip.avi", "link.avi"):
        with pytest.raises(SystemExit):
            parsed(monkeypatch, str(tmp_path / "clip.avi"), "--record", str(tmp_path / name))
        assert f"argument --record: {tmp_path / name} is the source; give" in capsys.readouterr().err
    assert vars(parsed(monkeypatch, str(tmp_path / "clip.avi"), "--record", str(tmp_path / "new.avi")))["record"]


def test_a_password_of_a_source_is_not_in_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("p@ss\n")
    words = ["camera", "rtsp://me@cam/1", "--source-password-file", str(tmp_path / "secret")]
    monkeypatch.setattr("sys.argv", words)
    assert parse().source == "rtsp://me:p%40ss@cam/1"
    monkeypatch.setenv("EDGE_CLASSIFIER_SOURCE_PASSWORD", "of the environment")
    for source, found in (
        ("http://me@cam/", "http://me:of%20the%20environment@cam/"),
        ("http://cam/@home", "http://cam/@home"),
        ("0", "0"),
    ):
        monkeypatch.setattr("sys.argv", ["camera", source])
        assert parse().source == found
    monkeypatch.setattr("sys.argv", ["camera", "http://me:old@cam/", *words[2:]])
    with pytest.raises(OptionError, match="with a user and without a password"):
        parse()
