"""python -m runtime.doctor: is this machine fit, and if not, which one command mends it?

Nothing heavy is imported at the top: the doctor comes when numpy or OpenCV are what is broken.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.board import machine, packages
from runtime.board.machine import Check
from runtime.board.packages import brief, load
from runtime.cli.parser import Parser, run
from runtime.errors import EdgeError, InterpreterMissing

EXAMPLE = """  python -m runtime.doctor
  python -m runtime.doctor --json -m artifacts/model.tflite"""

HERE = Path(__file__).parent


def examine(model: str | None = None) -> list[Check]:
    """Every check, in order. Nothing that is broken keeps the rest from being looked at."""
    looks: list[Callable[[], list[Check]]] = [
        packages.check_python,
        machine.check_machine,
        packages.check_numpy,
        packages.check_opencv,
        packages.check_interpreter,
        packages.check_picamera2,
        packages.check_cameras,
        machine.check_display,
        machine.check_memory,
        machine.check_disk,
        machine.check_heat,
        lambda: _model(model),
    ]
    found = []
    for look in looks:
        try:
            found += look()
        except Exception as error:  # whatever a broken package does, the rest is looked at
            name = look.__name__.removeprefix("check_").strip("<>")
            found.append(Check(name, f"cannot be looked at ({brief(error)})", "note"))
    return found


def _model(path: str | None) -> list[Check]:
    if load("numpy")[0] is None or load("cv2")[0] is None:
        return [Check("model", "needs numpy and OpenCV to be looked at", "note")]
    try:
        from runtime.classifier import DEFAULT_MODEL, Classifier
        from runtime.tflite.golden import selftest

        remedy = _restore(Path(path) if path else DEFAULT_MODEL, shipped=path is None)
        classifier = Classifier.load(path)
        report = selftest(classifier.interpreter, classifier.card)
    except InterpreterMissing:
        return [Check("model", "needs an interpreter to be looked at", "note")]
    except EdgeError as error:
        return [Check("model", brief(error), "fault", remedy)]
    card = classifier.card
    value = f"{card.name} {card.version}, {len(card.labels)} labels, {classifier.interpreter.input}"
    if _was_swapped(Path(path) if path else DEFAULT_MODEL):
        return [Check("model", f"{value}; it is not the file that was installed here", "fault", remedy)]
    if report.faults:
        remedy = "update the interpreter, or convert the model again: python -m convert"
        return [Check("model", value), *(Check("selftest", fault, "fault", remedy) for fault in report.faults)]
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%}"
    proven = Check("selftest", f"{report.vectors} vectors {proof}, {report.inference_ms:.3f} ms an image")
    return [Check("model", value), proven]


def _was_swapped(model: Path) -> bool:
    """Whether a model is another one than its installation wrote down: a .sha256 beside it, or the wheel's RECORD.

    A model by itself proves only that it is whole; this is how another whole one is found out.
    """
    import base64
    import hashlib

    digest = hashlib.sha256(model.read_bytes())
    beside = machine.text(f"{model}.sha256").split()
    if beside:
        return beside[0] != digest.hexdigest()
    inside = model.resolve().relative_to(HERE.parent) if model.resolve().is_relative_to(HERE.parent) else model
    records = "".join(machine.text(str(path)) for path in HERE.parent.glob("edge_classifier-*.dist-info/RECORD"))
    written = re.search(rf"^{re.escape(inside.as_posix())},sha256=([\w-]+),", records, re.MULTILINE)
    return written is not None and written[1] != base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _restore(model: Path, shipped: bool) -> str:
    """The command that brings a model back."""
    if Path(f"{model}.sha256").exists():
        return "on the workstation: make deploy HOST=..."
    if not shipped:
        return "copy the model again, or make one with: python -m convert"
    if (HERE.parent / ".git").exists():
        return "git checkout -- runtime/models/digits.tflite"
    return f"{sys.executable} -m pip install --force-reinstall --no-deps edge-classifier"


def to_text(check: Check) -> str:
    """One line, two with a remedy."""
    mark = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}[check.state]
    line = f"{mark} {check.name:12s} {check.value}"
    return line + (f"\n      {'':12s} -> {check.remedy}" if check.remedy else "")


def main() -> int:
    """Print every check; 1 where one of them is a fault."""
    parser = Parser("python -m runtime.doctor", "Look this machine over; each fault with what mends it.", EXAMPLE)
    parser.add_argument("-m", "--model", metavar="FILE", help="a .tflite model (default: the digits that ship)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse()
    checks = examine(options.model)
    for check in checks:
        print(json.dumps(dataclasses.asdict(check)) if options.json else to_text(check))
    return 1 if any(check.state == "fault" for check in checks) else 0


if __name__ == "__main__":
    run(main)
