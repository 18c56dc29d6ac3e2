"""The options of a model without a card: checked by the parser, and nothing imported where none is given."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.cli import foreign_options
from runtime.cli.foreign_options import add_foreign_options, given_of
from runtime.cli.parser import Parser
from runtime.foreign.given import Given
from runtime.foreign.normalization import SCALES
from tests.runtime.helpers import ROOT


def parse(*words: str) -> Given | None:
    parser = Parser("python -m runtime.x", "Test.", "  x")
    add_foreign_options(parser)
    return given_of(parser.parse(words))


def test_nothing_is_said_by_itself() -> None:
    assert parse() is None


def test_the_scales_are_those_of_the_registry() -> None:
    assert set(foreign_options.SCALES) == set(SCALES)
    for name, scale in SCALES.items():
        assert parse("--scale", name) == parse(f"--scale={name}") == Given(scale=scale)


def test_means_and_deviations() -> None:
    given = parse("--mean", "123.7,116.3,103.5", "--std", "58")
    assert given is not None
    assert given.scale is not None
    assert (given.scale.mean, given.scale.std) == ((123.7, 116.3, 103.5), (58.0, 58.0, 58.0))
    given = parse("--mean=0")
    assert given is not None
    assert given.scale is not None
    assert (given.scale.mean, given.scale.std) == ((0.0,), (1.0,))


def test_the_rest() -> None:
    words = ["--size", "32x20", "--output", "1", "--resize", "crop", "--colour", "bgr", "--framing", "ink"]
    assert parse(*words) == Given(size=(32, 20), output=1, resize="crop", color="bgr", framing="ink")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--scale 0..2", "invalid choice"),
        ("--scale 0..1 --mean 3", "not allowed with"),
        ("--mean x", "expected a number"),
        ("--mean 1,2", "expected 1 or 3 numbers"),
        ("--mean nan", "expected 1 or 3 numbers"),
        ("--mean 1 --std 0", "expected numbers above 0"),
        ("--mean 1 --std -1", "expected"),
        ("--std 3", "needs --mean"),
        ("--size 20", "height and width in pixels"),
        ("--size 0x20", "height and width in pixels"),
        ("--size 99999x20", "height and width in pixels"),
        ("--output -1", "expected"),
        ("--color red", "invalid choice"),
        ("--resize fit", "invalid choice"),
    ],
)
def test_what_cannot_be_is_a_usage_error(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(*words.split())
    assert raised.value.code == 2
    assert said in capsys.readouterr().err


def test_a_start_with_a_card_imports_nothing_of_it() -> None:
    code = (
        "import sys, runtime.classify\nsys.argv = ['x', 'samples/photo_7.jpg']\nruntime.classify.main()\n"
        "found = [name for name in sys.modules if name.startswith(('runtime.foreign', 'runtime.adoption'))]\n"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
