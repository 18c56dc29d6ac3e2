"""The options of every command that runs a model."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from runtime.cli.options import add_classifier_options, add_read_option, load_classifier
from runtime.cli.parser import Parser
from runtime.errors import ModelError, ModelMismatch


def parser() -> Parser:
    made = Parser("p", "d", "e")
    add_classifier_options(made)
    add_read_option(made)
    return made


def test_without_any_it_is_the_model_that_ships() -> None:
    options = parser().parse([])
    assert (options.top_k, options.threshold, options.num_threads, options.read) == (3, None, 1, False)
    assert load_classifier(options).card.name == "digits"


def test_labels_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("\n".join("abcdefghij"), encoding="utf-8")
    assert load_classifier(parser().parse(["-l", str(path)])).card.labels == tuple("abcdefghij")
    path.write_text("\n".join("abcdefghij"), encoding="utf-8-sig")  # with a byte order mark
    assert load_classifier(parser().parse(["-l", str(path)])).card.labels == tuple("abcdefghij")
    path.write_text("a\nb", encoding="utf-8")
    with pytest.raises(ModelMismatch, match="2 labels for 10 classes"):
        load_classifier(parser().parse(["-l", str(path)]))


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file or directory$"), (b"\xff\xfe\xff", "expected text in utf-16")]
)
def test_labels_that_cannot_be_read_are_named(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot read labels .*labels\.txt: " + complaint):
        load_classifier(parser().parse(["-l", str(path)]))


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read model"):
        load_classifier(parser().parse(["-m", str(tmp_path / "none.tflite")]))


@pytest.mark.parametrize("module", ["classify", "selftest", "benchmark"])
@pytest.mark.parametrize("count", ["65", "100000", "99999999999"])
def test_more_threads_than_a_board_has_are_refused(module: str, count: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = importlib.import_module(f"runtime.{module}").build_parser()
    with pytest.raises(SystemExit) as caught:
        parser.parse(["picture.png", "--num-threads", count])
    assert caught.value.code == 2
    assert f"argument --num-threads: expected 1 to 64; received {count}" in capsys.readouterr().err
