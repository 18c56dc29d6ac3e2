"""python -m convert, from the command line to the files it leaves."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.__main__ import main
from convert.rejection import ASSUMED, GIVEN
from runtime.classifier import Classifier
from runtime.cli.parser import run
from runtime.errors import DataError, EdgeError, ModelError, OptionError
from runtime.tflite.card import Decision, InputSpec, ModelCard
from runtime.tflite.card_file import split_card
from workbench.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
FRAME = InputSpec(framing="whole", polarity="any")
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CARD = ModelCard("small", "2", NAMES, FRAME, Decision(), training={"seed": 9})
LOOSE = ("--min-agreement", "0.98", "--max-accuracy-drop", "0.02")  # 500 images and 19,000 weights


def _run(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("DEBUG", "TF_CPP_MIN_LOG_LEVEL")}
    command = [sys.executable, "-m", "convert", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def _run_here(*words: object) -> subprocess.CompletedProcess[str]:
    """As _run, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        run(lambda: main([*map(str, words)]))
    return subprocess.CompletedProcess([*map(str, words)], int(end.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def converted(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """(the .tflite, stdout, stderr) of a conversion of what train leaves, draft card included."""
    folder = tmp_path_factory.mktemp("converted")
    (folder / "draft.json").write_text(CARD.to_json())
    output = folder / "new" / "model.tflite"
    options = (*LOOSE, "--card", folder / "draft.json", "--calibration_images", 200, "--seed", 4)
    done = _run(artifacts / "model.keras", *options, "-o", output)
    assert done.returncode == 0, done.stderr
    return output, done.stdout, done.stderr


def test_a_conversion_says_what_a_person_needs_and_no_more(converted: tuple[Path, str, str]) -> None:
    output, out, err = converted
    assert err == ""  # no chatter of TensorFlow, absl or MLIR, and no bar where there is no terminal
    assert out.splitlines()[0].startswith("The model reads 4")
    assert " of 500 test images right: " in out.splitlines()[0]
    assert out.splitlines()[2] == "Parity of Keras and int8 .tflite on 500 test images"
    assert out.splitlines()[-2:] == [
        f"{output}: {output.stat().st_size:,} bytes, int8, card inside",
        f"next: python -m runtime.classify -m {output} IMAGE",
    ]
    assert sorted(path.name for path in output.parent.iterdir()) == ["model.tflite", "parity.json"]


def test_the_card_is_filled_in(converted: tuple[Path, str, str]) -> None:
    _, card = split_card(converted[0].read_bytes())
    assert card is not None
    assert (card.name, card.version, card.labels, card.input) == ("small", "2", NAMES, FRAME)
    assert card.quantization == "int8"
    assert card.decision.reject_threshold == 0.5
    assert card.training["conversion"]["reject_threshold"]["how"] == ASSUMED  # no negatives in these data
    assert card.decision.temperature != 1.0  # 500 validation images
    assert card.training["seed"] == 9
    calibration = card.training["conversion"]["calibration"]
    assert (calibration["seed"], calibration["pixel_span"]) == (4, [0, 255])
    assert all(20 <= n <= 22 for n in calibration["per_class"].values())
    assert card.accuracy is not None
    assert card.accuracy.n == 500
    assert card.accuracy.float is not None
    assert card.accuracy.float > 0.85


def test_parity_json_agrees_with_the_card(converted: tuple[Path, str, str]) -> None:
    report = json.loads((converted[0].parent / "parity.json").read_text())
    _, card = split_card(converted[0].read_bytes())
    assert card is not None
    assert card.accuracy is not None
    assert report["passed"] is True
    assert report["model_sha256"] == card.sha256
    assert (report["float_accuracy"], report["agreement"]) == (card.accuracy.float, card.accuracy.agreement)
    assert report["temperature"]["value"] == card.decision.temperature
    assert sum(row["n"] for row in report["classes"]) == report["n"] == 500
    assert len(report["disagreements"]) == round(500 * (1 - report["agreement"]))


def test_the_file_repeats_its_golden_vectors_and_reads_digits(
    converted: tuple[Path, str, str], digits: Dataset
) -> None:
    classifier = Classifier.load(converted[0])
    assert 4 <= len(classifier.card.golden) <= 5
    for golden in classifier.card.golden:
        pixels = np.frombuffer(golden.input, np.uint8).reshape(28, 28, 1)
        tensor = (pixels.astype(np.int16) - 128).astype(np.int8)[np.newaxis]
        assert classifier.interpreter.run(tensor).tobytes() == golden.output
    read = [classifier.predict(image, threshold=0).index for image in digits.test.images[:100]]
    assert (np.array(read) == digits.test.labels[:100]).mean() > 0.8


@pytest.mark.usefixtures("child_here")
def test_missed_parity_leaves_no_tflite_and_says_by_how_much(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path
) -> None:
    network(outlier=100.0).save(tmp_path / "hostile.keras")
    stale = tmp_path / "model.tflite"
    stale.write_bytes(b"an earlier run's")
    done = _run_here(tmp_path / "hostile.keras", "--data", artifacts / "dataset.npz", "-o", stale)
    assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile.keras", "parity.json"]
    assert "\nParity of Keras and int8 .tflite on 500 test images\n" in done.stdout
    assert "next:" not in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the .tflite does not do what the Keras model does: accuracy drops by 0.")
    assert "more than the 0.006 allowed" in line
    assert line.endswith(f"There is no {stale.name} (the one from an earlier run was removed)")
    report = json.loads((tmp_path / "parity.json").read_text())
    assert report["passed"] is False
    assert len(report["missed"]) == 2
    assert "less than the 0.994 required" in report["missed"][1]
    assert report["float_accuracy"] > 0.85 > report["quantized_accuracy"]


@pytest.mark.usefixtures("child_here")
def test_dim_calibration_images_are_refused(tmp_path: Path, artifacts: Path, save_npz: Callable[..., Path]) -> None:
    dim = save_npz(tmp_path / "dim.npz", brightest=127)
    done = _run_here(artifacts / "model.keras", "--data", dim, "-o", tmp_path / "model.tflite")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "error: expected an int8 input with scale 1.0, zero point -128" in line
    assert "the calibration images span 0..127, not 0..255" in line
    assert not (tmp_path / "model.tflite").exists()


@pytest.mark.usefixtures("child_here")
def test_a_foreign_saved_model_without_a_card(
    tmp_path: Path, network: Callable[..., Any], save_npz: Callable[..., Path]
) -> None:
    network(last="linear").export(tmp_path / "foreign", verbose=False)
    raw = save_npz(tmp_path / "raw.npz", spec=None)
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    options = ("--quantization", "float16", "--data", raw, "--labels", tmp_path / "labels.txt")
    done = _run_here(tmp_path / "foreign", *options, "-o", tmp_path / "foreign.tflite")
    assert done.returncode == 0
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: pixels are fed as 0..255, as 500 test images: 0..255 4")
    _, card = split_card((tmp_path / "foreign.tflite").read_bytes())
    assert card is not None
    assert (card.name, card.labels, card.quantization) == ("foreign", NAMES, "float16")
    assert (card.input.framing, card.input.shape, card.decision.output) == ("whole", (28, 28, 1), "logits")
    assert card.training["conversion"]["calibration"] is None


@pytest.mark.usefixtures("child_here")
def test_the_reject_threshold_is_chosen_on_validation_and_negatives(
    tmp_path: Path, artifacts: Path, digits: Dataset, save_npz: Callable[..., Path]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 28, 28, 1), np.uint8)
    more = {"x_hard": digits.test.images[:50], "y_hard": digits.test.labels[:50], "x_negative": noise}
    data = save_npz(tmp_path / "d.npz", more=more)
    decisions = []
    for options in ((), ("--reject-threshold", 0.25)):
        output = tmp_path / "model.tflite"
        done = _run_here(
            artifacts / "model.keras", *LOOSE, "--quantization", "float32", "--data", data, *options, "-o", output
        )
        assert (done.returncode, done.stderr) == (0, "")
        card = split_card(output.read_bytes())[1]
        assert card is not None
        said = card.training["conversion"]["reject_threshold"]
        assert said == json.loads((tmp_path / "parity.json").read_text())["reject_threshold"]
        assert said["value"] == card.decision.reject_threshold
        decisions.append(said)
    chosen, given = decisions
    assert (given["value"], given["how"]) == (0.25, GIVEN)
    assert "share of negatives accepted" in chosen["how"]
    cost = [5 * said["false_reject_rate"] + said["false_accept_rate"] for said in decisions]
    assert cost[0] <= cost[1]
    assert 0 < chosen["value"] < 1


def test_a_truncated_model_is_one_clear_line_and_harms_nothing(tmp_path: Path, artifacts: Path) -> None:
    data = (artifacts / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(data[: len(data) // 2])
    (tmp_path / "model.tflite").write_bytes(b"another model's")
    done = _run(tmp_path / "cut.keras", "-o", tmp_path / "model.tflite")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path}/cut.keras: a .keras file is a zip and this is not a whole one")
    assert (tmp_path / "model.tflite").read_bytes() == b"another model's"


@pytest.mark.usefixtures("child_here")
def test_what_fails_before_it_is_measured_leaves_the_tflite_of_an_earlier_run(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path
) -> None:
    (tmp_path / "bad.keras").write_bytes((artifacts / "model.keras").read_bytes()[:-900] + bytes(900))
    network().save_weights(tmp_path / "only.weights.h5")
    good = tmp_path / "model.tflite"
    good.write_bytes(b"an earlier run's")
    for name in ("bad.keras", "only.weights.h5"):
        done = _run_here(tmp_path / name, "--data", artifacts / "dataset.npz", "-o", good)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert good.read_bytes() == b"an earlier run's"


@pytest.mark.usefixtures("child_here")
def test_a_model_of_no_use_is_converted_only_where_that_is_asked_for(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path
) -> None:
    model = network()
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    model.save(tmp_path / "zero.keras")
    words = (tmp_path / "zero.keras", "--data", artifacts / "dataset.npz", "-o", tmp_path / "m o.tflite")
    done = _run_here(*words)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: zero.keras is of no use: it reads ")
    assert "no better than chance" in line
    assert not (tmp_path / "m o.tflite").exists()
    assert json.loads((tmp_path / "parity.json").read_text())["passed"] is False
    done = _run_here(*words, "--allow-useless")
    assert done.returncode == 0
    assert all(line.startswith("warning: ") for line in done.stderr.splitlines())
    assert done.stdout.splitlines()[-1] == f"next: python -m runtime.classify -m '{tmp_path}/m o.tflite' IMAGE"


@pytest.mark.usefixtures("child_here")
def test_scores_that_never_pass_the_threshold_are_a_fault(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path
) -> None:
    """Two softmax layers: top-1 is right and the device would say "unsure" to everything."""
    import keras

    twice = keras.Sequential([network(), keras.layers.Softmax()])
    twice.save(tmp_path / "twice.keras")
    with np.load(artifacts / "dataset.npz") as arrays:  # without validation images no temperature mends it
        np.savez(tmp_path / "d.npz", **{key: arrays[key] for key in arrays.files if not key.endswith("_val")})
    done = _run_here(tmp_path / "twice.keras", *LOOSE, "--data", tmp_path / "d.npz", "-o", tmp_path / "m.tflite")
    assert done.returncode == 1
    assert "no score reaches the reject threshold (the highest of 500 is 0.2" in done.stderr
    assert "two softmax layers" in done.stderr


@pytest.mark.usefixtures("child_here")
@pytest.mark.parametrize("last", ["sigmoid", "linear"])
@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_one_score_for_two_classes(quantization: str, last: str, tmp_path: Path, digits: Dataset) -> None:
    """As tutorials of cats and dogs end: Dense(1). The file gives a score for each class."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    assert digits.train is not None
    splits: dict[str, Any] = {}
    for name, split in (("train", digits.train), ("test", digits.test)):
        kept = split.labels < 2
        splits |= {f"x_{name}": split.images[kept], f"y_{name}": split.labels[kept]}
    body = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1, activation=last)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *body])
    loss = keras.losses.BinaryCrossentropy(from_logits=last == "linear")
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(splits["x_train"].astype(np.float32), splits["y_train"], epochs=8, verbose=0)
    model.save(tmp_path / "two.h5")
    np.savez(tmp_path / "d.npz", **splits, labels=np.array(["zero", "one"]))
    words = (tmp_path / "two.h5", "--data", tmp_path / "d.npz", "--quantization", quantization)
    done = _run_here(*words, "-o", tmp_path / "m.tflite")
    assert (done.returncode, done.stderr) == (0, "")
    classifier = Classifier.load(tmp_path / "m.tflite")
    read = [classifier.predict(image) for image in splits["x_test"][:40]]
    assert [one.index for one in read] == splits["y_test"][:40].tolist()
    scores = 1 / (1 + np.exp(-np.asarray(model(splits["x_test"][:40].astype(np.float32)))[:, 0].astype(np.float64)))
    if last == "linear":
        expected = np.where(splits["y_test"][:40] == 1, scores, 1 - scores)
        np.testing.assert_allclose([one.score for one in read], expected, atol=0.05)


@pytest.mark.usefixtures("child_here")
def test_a_sigmoid_for_each_class_is_not_made_a_softmax(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path, digits: Dataset
) -> None:
    """Softmax over sigmoids gives at most 0.23 of ten classes: the device would be unsure of everything."""
    model = network(last="sigmoid")
    model.save(tmp_path / "s.keras")
    words = (tmp_path / "s.keras", *LOOSE, "--data", artifacts / "dataset.npz", "-o", tmp_path / "m.tflite")
    done = _run_here(*words)
    assert done.returncode == 0, done.stderr
    classifier = Classifier.load(tmp_path / "m.tflite")
    assert (classifier.card.decision.output, classifier.card.decision.temperature) == ("sigmoid", 1.0)
    outputs = np.asarray(model(digits.test.images[:40].astype(np.float32)))
    read = [classifier.predict(image, threshold=0) for image in digits.test.images[:40]]
    np.testing.assert_allclose([one.score for one in read], outputs.max(axis=1), atol=0.03)


@pytest.mark.usefixtures("child_here")
def test_a_range_a_framing_and_uint8_by_options(
    tmp_path: Path, network: Callable[..., Any], artifacts: Path, save_npz: Callable[..., Path], digits: Dataset
) -> None:
    network(rescale=False).save(tmp_path / "bare.h5")
    raw = save_npz(tmp_path / "raw.npz", spec=None)
    options = ("--scale", "0..1", "--framing", "ink", "--io", "uint8", *LOOSE)
    done = _run_here(tmp_path / "bare.h5", *options, "--data", raw, "-o", tmp_path / "m.tflite")
    assert (done.returncode, done.stderr) == (0, "")
    classifier = Classifier.load(tmp_path / "m.tflite")
    assert str(classifier.interpreter.input) == "uint8 of shape (1, 28, 28, 1) (scale 1, zero point 0)"
    assert (classifier.card.input.framing, classifier.card.input.ink_box) == ("ink", 20)
    assert classifier.card.training["conversion"]["normalization"]["name"] == "0..1"
    assert classifier.card.training["conversion"]["normalization"]["decided_by"] == "given"
    read = [classifier.predict(image, threshold=0).index for image in digits.test.images[:60]]
    assert (np.array(read) == digits.test.labels[:60]).mean() > 0.8


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (["none.keras"], ModelError, "none.keras: no such file"),
        (["alone/model.keras"], OptionError, r"expected test images in .*dataset\.npz; .*--data FILE\.npz"),
        (["model.keras", "--data", "none.npz"], DataError, r"none\.npz: no such file"),
        (["model.keras", "--card", "none.json"], OptionError, "no such file"),
        (["model.keras", "-o", "model.keras"], OptionError, r"ends in \.tflite"),
        (["model.keras", "-o", "dataset.npz/model.tflite"], OptionError, "cannot make the folder"),
    ],
)
def test_wrong_inputs_are_told_before_tensorflow_starts(
    options: list[str], error: type[EdgeError], says: str, artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(artifacts)
    monkeypatch.setattr("convert.converter.run_child", lambda folder: pytest.fail("TensorFlow was started"))
    alone = artifacts / "alone" / "model.keras"
    alone.parent.mkdir(exist_ok=True)
    alone.write_bytes((artifacts / "model.keras").read_bytes())
    with pytest.raises(error, match=says):
        main(options)
    assert (artifacts / "model.keras").stat().st_size > 0


@pytest.mark.parametrize(
    "options",
    [
        ["--quantization", "int4"],
        ["--min-agreement", "1.0001"],
        ["--max-accuracy-drop", "-1"],
        ["--calibration-images", "0"],
        ["--scale", "0..2"],
        ["--mean", "1,2"],
        ["--mean", "x"],
        ["--std", "inf"],
        ["--std", "0"],
        ["--framing", "picture"],
        ["--io", "float32"],
    ],
)
def test_usage_errors_end_in_status_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(options)
    assert caught.value.code == 2
    assert f"argument {options[0]}: " in capsys.readouterr().err


def test_help_waits_for_no_library() -> None:
    script = (
        "import sys\nfrom convert.__main__ import main\n"
        "try: main(['-h'])\nexcept SystemExit as end: assert end.code == 0\n"
        "sys.exit(str([m for m in ('numpy', 'tensorflow', 'keras', 'rich') if m in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert "python -m convert artifacts/model.keras" in done.stdout
