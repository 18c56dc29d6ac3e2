"""Facts that a page states and the code holds: they are the same."""

from __future__ import annotations

import dataclasses
import re

import runtime
from convert.quantize import QUANTIZATIONS
from runtime.classifier import Classifier
from runtime.cli.main import COMMANDS
from runtime.preprocess import FRAMINGS
from runtime.tflite.card import Decision, InputSpec, ModelCard
from tests.docs.blocks import ROOT, Workplace, blocks
from train.data.kinds import KINDS


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_accuracy_stated_is_the_cards() -> None:
    accuracy = Classifier.load().card.accuracy
    assert accuracy is not None
    text = page("explanation/models.md")
    assert f"{accuracy.quantized:.2%}".replace("%", " %") in text
    assert f"{accuracy.agreement:.2%}".replace("%", " %") in text


def test_the_size_stated_is_the_files() -> None:
    size = (ROOT / "runtime/models/digits.tflite").stat().st_size
    assert f"| file, card included | {size:,} bytes |" in page("explanation/models.md")


def test_every_public_name_has_its_entry_in_the_api() -> None:
    shown = re.findall(r"^::: runtime\.(\w+)$", page("reference/api.md"), re.MULTILINE)
    assert sorted(shown) == sorted(set(runtime.__all__) - {"__version__"})


def test_every_command_has_its_section() -> None:
    text = page("reference/commands.md")
    for name, command in COMMANDS.items():
        assert f"### {name}\n\n<!-- help: python -m {command.module} -->\n" in text, name


def test_every_row_of_a_seam_is_in_its_table() -> None:
    tables = {
        "how-to/train.md": {kind.name for kind in KINDS},
        "how-to/compare-quantizations.md": set(QUANTIZATIONS),
        "reference/card.md": set(FRAMINGS),
    }
    for name, rows in tables.items():
        lines = [line for line in page(name).splitlines() if line.startswith("|")]
        assert all(any(f"`{row}`" in line for line in lines) for row in rows), (name, rows)


def test_every_group_of_entry_points_is_named() -> None:
    groups = {
        name
        for room in ("runtime", "train", "convert")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"\"(edge_classifier\.\w+)\"\B", path.read_text(encoding="utf-8"))
    }
    assert len(groups) == 5
    assert set(re.findall(r"edge_classifier\.\w+", page("explanation/house.md"))) == groups


def test_every_field_of_the_card_is_described() -> None:
    text = page("reference/card.md")
    for kind in (ModelCard, InputSpec, Decision):
        for field in dataclasses.fields(kind):
            assert re.search(rf"^\|.*`{field.name}`.*\|", text, re.MULTILINE), field.name


def test_every_key_of_json_is_described(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import json

    text = page("reference/json.md")
    place = Workplace(tmp_path)
    for command in (
        "python -m runtime.classify --read --json samples/photo_7.jpg",
        "python -m runtime.camera fake://digits --json --count 1",
        "python -m runtime.doctor --json",
        "python -m runtime.benchmark --json --count 1 --warmup 0 --num-threads 1",
    ):
        for key in json.loads(place.run(command).stdout.splitlines()[0]):
            assert f"`{key}`" in text, f"{command}: {key}"


def test_a_page_of_digits_is_read_row_by_row(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (block,) = [one for one in blocks(ROOT / "docs/how-to/several-digits.md") if one.language == "python"]
    assert Workplace(tmp_path).run_python(block.text).stdout.startswith("31415\n92653\n")


def test_every_variable_that_is_read_is_described() -> None:
    text = page("reference/environment.md")
    read = re.compile(r"environ\w*(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z_]+)\"")
    inner = {"PYTHONPATH", "CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL"}  # set for TensorFlow, and asked of nobody
    for room in ("runtime", "workbench", "train", "convert", "deploy", "benchmarks"):
        for path in (ROOT / room).rglob("*.py"):
            for name in set(read.findall(path.read_text(encoding="utf-8"))) - inner:
                assert f"`{name}" in text, f"{path}: {name}"
