"""python -m runtime.classify as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime import classify
from runtime.image.files import read_image
from tests.runtime.helpers import ROOT, command

SCORE_FLOOR = {"scan_1.png": 0.6}  # a slim 1 with a flag is a 7 to many
KEYS = ["source", "label", "score", "reason", "top", "timing_ms"]


def sample_names(samples: Path) -> list[str]:
    return sorted(p.name for p in samples.iterdir() if p.suffix in (".jpg", ".png"))


def test_every_sample_is_read(samples: Path) -> None:
    done = command("runtime.classify", "--json", "samples")
    assert done.returncode == 0
    assert done.stderr == "note: samples: its subfolders are not searched; a pattern does that: 'samples/**/*.jpg'\n"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(Path(line["source"]).name for line in lines) == sample_names(samples)
    for line in lines:
        name = Path(line["source"]).name
        assert list(line) == KEYS
        if name == "blank.jpg":
            assert (line["label"], line["reason"]) == (None, "blank")
        else:
            assert line["label"] == Path(name).stem[-1], line
            assert line["score"] >= SCORE_FLOOR.get(name, 0.9), line


def test_text_says_it_in_a_line() -> None:
    done = command("runtime.classify", "samples/photo_7.jpg", "samples/blank.jpg")
    assert re.fullmatch(
        r"samples/photo_7\.jpg: 7 \([\d.]+ %\)(, then .*)?\nsamples/blank\.jpg: blank\n", done.stdout
    ), done.stdout


def test_csv_has_a_header_and_a_row_each() -> None:
    done = command("runtime.classify", "--csv", "-k", "2", "samples/photo_7.jpg", "samples/blank.jpg")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["label"] for row in rows] == ["7", ""]
    assert [row["reason"] for row in rows] == ["", "blank"]
    assert len(rows[0]["top"].split()) == 2


def test_standard_input(samples: Path) -> None:
    done = command("runtime.classify", "--json", "-", stdin=(samples / "photo_7.jpg").read_bytes())
    assert json.loads(done.stdout)["label"] == "7"
    assert json.loads(done.stdout)["source"] == "-"


def test_bad_inputs_are_lines_and_the_rest_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("hello")
    done = command("runtime.classify", "nowhere.png", str(tmp_path), "samples/photo_7.jpg")
    assert done.returncode == 1
    assert done.stdout.startswith("samples/photo_7.jpg: 7")
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert all(line.startswith("error: ") for line in errors)
    assert "nowhere.png" in errors[0]
    assert "empty.png" in errors[1]
    assert "text.png" in errors[2]


def test_annotate_saves_a_picture_each_and_overwrites_none(tmp_path: Path) -> None:
    for _ in range(2):
        done = command("runtime.classify", "--annotate", str(tmp_path / "out"), "samples/photo_7.jpg")
        assert done.returncode == 0
    saved = sorted((tmp_path / "out").iterdir())
    assert [p.name for p in saved] == ["photo_7-2.jpg", "photo_7.jpg"]
    picture, original = read_image(saved[1]), read_image("samples/photo_7.jpg")
    assert picture.shape[1] == original.shape[1]
    assert picture.shape[0] > original.shape[0]


def test_threshold_and_labels(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"{i} number-{i}" for i in range(10)), encoding="utf-8")
    done = command("runtime.classify", "--json", "-l", str(labels), "samples/photo_7.jpg")
    assert json.loads(done.stdout)["label"] == "number-7"
    done = command("runtime.classify", "--json", "-t", "1", "samples/photo_7.jpg")
    assert json.loads(done.stdout)["reason"] == "unsure"


def test_underscores_serve_for_hyphens() -> None:
    assert command("runtime.classify", "--top_k=1", "--num_threads", "2", "samples/photo_7.jpg").returncode == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "required: IMAGE"),
        (["--json", "--csv", "x.png"], "not allowed with"),
        (["-k", "0", "x.png"], "expected 1 or more; received 0"),
        (["-t", "7", "x.png"], "expected 0 to 1; received 7"),
        (["--nonsense", "x.png"], "unrecognized arguments: --nonsense"),
    ],
)
def test_usage_errors_are_status_2(words: list[str], complaint: str) -> None:
    done = command("runtime.classify", *words)
    assert done.returncode == 2
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "cannot read model"),
        (b"", "is empty"),
        (b"not a model", "expected a .tflite model"),
    ],
)
def test_a_bad_model_is_one_line(tmp_path: Path, data: bytes | None, complaint: str) -> None:
    model = tmp_path / "m.tflite"
    if data is not None:
        model.write_bytes(data)
    done = command("runtime.classify", "-m", str(model), "samples/photo_7.jpg")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = command("runtime.classify", "-m", str(tmp_path / "none"), "x.png", env={"DEBUG": "1"})
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("name", ["runtime.classify", "runtime.camera"])
def test_help_has_an_example_and_version_a_number(name: str) -> None:
    help_text = command(name, "-h").stdout
    assert f"example:\n  python -m {name}" in help_text
    assert re.fullmatch(r"edge-classifier \d+\.\d+\.\d+\n", command(name, "--version").stdout)


def test_a_wide_16_bit_scan_and_a_dot(tmp_path: Path) -> None:
    deep = read_image("samples/scan_1.png").astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1), np.uint8))
    done = command("runtime.classify", "--json", str(tmp_path / "deep.png"), str(tmp_path / "dot.png"))
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["label"] == "1"
    assert second["reason"] == "blank"


def test_read_gives_every_digit_with_its_box(tmp_path: Path) -> None:
    seven, three = (read_image(f"samples/{name}.jpg") for name in ("photo_7", "lined_5"))
    height = min(seven.shape[0], three.shape[0])
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([seven[:height], three[:height]]))
    done = command(
        "runtime.classify", "--read", "--json", "--annotate", str(tmp_path / "out"), str(tmp_path / "two.png")
    )
    line = json.loads(done.stdout)
    assert {"source", "label", "score", "reason", "top", "timing_ms", "text", "regions"} == set(line)
    assert line["text"].replace("\n", "") == "75"
    assert [region["label"] for region in line["regions"]] == ["7", "5"]
    assert all(len(region["box"]) == 4 for region in line["regions"])
    assert (tmp_path / "out" / "two.png").is_file()
    assert command("runtime.classify", "--read", "samples/blank.jpg").stdout == "samples/blank.jpg: no digits\n"


def test_read_has_no_csv() -> None:
    done = command("runtime.classify", "--read", "--csv", "samples/blank.jpg")
    assert done.returncode == 2
    assert "--read: not allowed with argument --csv" in done.stderr


def test_what_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    words = ("runtime.classify", "samples/photo_7.jpg", "--annotate", str(tmp_path / "file" / "in"))
    done = command(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: cannot make folder {tmp_path}/file/in: Not a directory\n"
    assert "runtime.errors.OutputError: cannot make folder" in command(*words, env={"DEBUG": "1"}).stderr


def test_a_name_that_is_not_utf_8_is_read_and_annotated(tmp_path: Path, samples: Path) -> None:
    name = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    name.write_bytes((samples / "photo_7.jpg").read_bytes())
    words = ("runtime.classify", "--json", str(name), "--annotate", str(tmp_path / "out"))
    done = command(*words, env={"PYTHONIOENCODING": "utf-8:strict"})
    assert done.returncode == 0
    assert json.loads(done.stdout)["source"] == str(name)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name.name]


def test_closed_standard_streams_are_no_fault() -> None:
    words = ["sh", "-c", '"$0" -m runtime.classify samples/photo_7.jpg nowhere.png <&- 2>&-', sys.executable]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("samples/photo_7.jpg: 7")
    assert "error" not in done.stdout


def test_too_little_memory_for_one_picture_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], samples: Path
) -> None:
    """A limit on memory cannot be set for a test alone: the classifier says what NumPy and OpenCV say of it."""
    failures = iter([MemoryError("Unable to allocate 106. GiB"), cv2.error("(-4:Insufficient memory)")])

    class Full:
        def predict(self, *_: object) -> None:
            raise next(failures)

    monkeypatch.setattr(classify, "load_classifier", lambda _: Full())
    monkeypatch.setattr(sys, "argv", ["classify", str(samples / "photo_7.jpg"), str(samples / "scan_1.png")])
    assert classify.main() == 1
    errors = capsys.readouterr().err.splitlines()
    assert [line.partition(": not enough memory")[0] for line in errors] == [
        f"error: {samples}/{name}" for name in ("photo_7.jpg", "scan_1.png")
    ]


def test_max_pixels_is_a_limit_and_the_parser_checks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((100, 100), 255, np.uint8))
    cv2.imwrite(str(tmp_path / "b.jpg"), np.full((120, 160), 255, np.uint8))
    words = ["classify", "--max-pixels", "2000", str(tmp_path / "a.png"), str(tmp_path / "b.jpg")]
    monkeypatch.setattr(sys, "argv", words)
    assert classify.main() == 1
    out, err = capsys.readouterr()
    assert out == f"{tmp_path}/b.jpg: blank\n"
    assert "a.png: too large: 100x100 pixels, of at most 2,000 in color" in err
    assert "note: " in err
    assert "b.jpg: 160x120 pixels, read as 80x60" in err
    for value in ("0", "-1", "many", "120000001"):
        monkeypatch.setattr(sys, "argv", ["classify", "--max-pixels", value, "x.png"])
        with pytest.raises(SystemExit) as caught:
            classify.main()
        assert caught.value.code == 2


def test_an_annotated_picture_that_cannot_be_written_does_not_end_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], samples: Path
) -> None:
    name = "n" * 254  # read from the current folder, and with a suffix too long to be written
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes((samples / "photo_7.jpg").read_bytes())
    monkeypatch.setattr(sys, "argv", ["classify", "--annotate", "out", name, str(samples / "scan_1.png")])
    assert classify.main() == 1
    out, err = capsys.readouterr()
    assert out.count("\n") == 2
    assert "error: cannot write" in err
    assert (tmp_path / "out" / "scan_1.png").is_file()


def test_an_annotated_picture_that_does_not_fit_leaves_no_part(tmp_path: Path, samples: Path) -> None:
    """A limit on the size of files stands for a full disk; the readings go on."""
    program = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); sys.argv[0] = 'classify';"
        "runpy.run_module('runtime.classify', run_name='__main__')"
    )
    words = ["--annotate", str(tmp_path / "out"), str(samples / "photo_7.jpg"), str(samples / "scan_1.png")]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr.count("error: cannot write") == 2
    assert list((tmp_path / "out").iterdir()) == []


def test_an_annotated_picture_is_not_written_through_a_link(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "photo_7.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    done = command("runtime.classify", "--annotate", str(tmp_path), str(samples / "photo_7.jpg"))
    assert done.returncode == 0
    assert not (tmp_path / "elsewhere.jpg").exists()
    assert (tmp_path / "photo_7-2.jpg").is_file()
