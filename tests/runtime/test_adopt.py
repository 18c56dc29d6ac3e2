"""python -m runtime.adopt, and the other commands on what it makes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from runtime import adopt, classify
from runtime.classifier import Classifier
from runtime.cli.main import COMMANDS
from runtime.errors import OptionError, OutputError
from runtime.foreign.metadata import METADATA
from runtime.foreign.normalization import SCALES
from runtime.image.files import read_image
from tests.runtime.adoption.made import COUNT, model, write_folder
from tests.runtime.foreign.build import classifier, metadata
from tests.runtime.helpers import command


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["adopt", *words])
    return adopt.main()


def test_it_prints_its_evidence_and_the_file_works_everywhere(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(model(SCALES["0..1"]))
    folder, out = write_folder(tmp_path / "pictures"), str(tmp_path / "o.tflite")
    done = command("runtime.adopt", str(tmp_path / "m.tflite"), "--pictures", str(folder), "-o", out)
    assert done.returncode == 0, done.stderr
    assert f"normalization  0..1                              {COUNT} pictures, loss " in done.stdout
    assert "labels         4: blue, bright, dark ..." in done.stdout
    assert done.stdout.count("\ntried  ") == 16
    assert f"saved {out}; next: python -m runtime.selftest -m {out}" in done.stderr
    picture = str(next((folder / "red").iterdir()))
    assert "result       passed" in command("runtime.selftest", "-m", out).stdout
    line = json.loads(command("runtime.classify", "--json", "-m", out, picture).stdout)
    assert line["top"][0]["label"] in ("red", "dark", "bright", "blue")
    camera = command("runtime.camera", picture, "--json", "-m", out)
    assert json.loads(camera.stdout.splitlines()[0])["top"] == line["top"]
    assert (
        command("runtime.benchmark", "-m", out, "--count", "1", "--warmup", "0", "--num-threads", "1").returncode == 0
    )
    doctor = [json.loads(one) for one in command("runtime.doctor", "--json", "-m", out).stdout.splitlines()]
    assert {one["state"] for one in doctor if one["name"] in ("model", "selftest")} == {"ok"}


def test_labels_beside_the_model_name_the_subfolders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.tflite").write_bytes(model(SCALES["0..1"]))
    (tmp_path / "labels.txt").write_text("dark\nbright\nred\nblue")
    folder, out = write_folder(tmp_path / "pictures"), tmp_path / "o.tflite"
    assert run(monkeypatch, str(tmp_path / "m.tflite"), "--pictures", str(folder), "-o", str(out)) == 0
    assert Classifier.load(out).card.labels == ("dark", "bright", "red", "blue")


def test_without_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    words = (str(tmp_path / "m.tflite"), "--scale", "-1..1", "--name", "mine", "--reject-threshold", "0.3")
    assert run(monkeypatch, *words, "-o", str(tmp_path / "o.tflite")) == 0
    text = capsys.readouterr().out
    assert "normalization  -1..1                             given" in text
    assert "threshold      0.3                               given" in text
    assert "never checked on labeled pictures" in text


def test_a_refusal_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    done = command("runtime.adopt", str(tmp_path / "m.tflite"), "-o", str(tmp_path / "o.tflite"))
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: m.tflite takes float32 and does not say of which pixels. Say it: --scale 0..1"
    )
    assert len(done.stderr) <= 301
    assert [path.name for path in tmp_path.iterdir()] == ["m.tflite"]


def test_the_model_itself_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(classifier())
    with pytest.raises(OptionError, match="is the model itself"):
        run(monkeypatch, str(path), "--scale", "0..1", "-o", str(path))
    assert path.read_bytes() == classifier()


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(classifier())
    with pytest.raises(OutputError, match="cannot write"):
        run(monkeypatch, str(path), "--scale", "0..1", "-o", str(tmp_path / "none" / "o.tflite"))


def test_it_is_a_command() -> None:
    assert COMMANDS["adopt"].module == "runtime.adopt"


def test_a_file_that_says_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier(metadata={METADATA: metadata((127.5,), (127.5,))}))
    (tmp_path / "l.txt").write_text("0 cat\n1 dog\n2 bird")
    words = (str(tmp_path / "m.tflite"), "-l", str(tmp_path / "l.txt"), "-o", str(tmp_path / "o.tflite"))
    assert run(monkeypatch, *words) == 0
    assert Classifier.load(tmp_path / "o.tflite").card.labels == ("cat", "dog", "bird")
    assert "normalization  -1..1                             TFLite metadata" in capsys.readouterr().out


def test_a_reader_of_handwriting_before_anybodys_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier((1, 784), classes=10))
    out = tmp_path / "o.tflite"
    assert run(monkeypatch, str(tmp_path / "m.tflite"), "--scale", "0..1", "--framing", "ink", "-o", str(out)) == 0
    read = Classifier.load(out)
    assert read.predict(read_image("samples/blank.jpg")).reason == "blank"
    assert read.predict(read_image("samples/photo_7.jpg")).box is not None


def test_a_bare_file_is_classified_with_one_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(classifier())
    (tmp_path / "labels").write_text("a\nb\nc")
    words = ["-m", str(path), "-l", str(tmp_path / "labels"), "--scale", "0..1", "samples/photo_7.jpg"]
    monkeypatch.setattr(sys, "argv", ["classify", *words])
    assert classify.main() == 0
    said = capsys.readouterr().err.splitlines()
    assert said == ["note: m.tflite has no card; fed 0..1 as given (python -m runtime.adopt makes one)"]
