"""python -m runtime.doctor: check this machine, and name for each fault the command that repairs it.

Nothing heavy is imported at the top: numpy or OpenCV may be what is broken.
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from runtime import __version__
from runtime.board import machine, packages
from runtime.board.machine import Check
from runtime.board.packages import one_line, try_import
from runtime.cli.options import add_model_option
from runtime.cli.parser import PROGRAM, Parser, as_called, run
from runtime.cli.printing import print_data, print_lines, print_traceback
from runtime.errors import EdgeError, InterpreterMissing
from runtime.text import printable, shortened, to_json

EXAMPLE = """  python -m runtime.doctor
  python -m runtime.doctor --json -m artifacts/model.tflite"""

MAX_VALUE = 500  # characters of what a check found
HERE = Path(__file__).parent


def examine(model: str | None = None) -> list[Check]:
    """Run every check, in order. A check that fails does not keep the rest from running.

    Args:
        model: Path of a .tflite file; the model that ships where None.

    Returns:
        What was found, one or more for each check.
    """

    def check_model() -> list[Check]:
        return _check_model(model)

    checks: list[Callable[[], list[Check]]] = [
        check_version,
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
        check_model,
    ]
    found = []
    for check in checks:
        try:
            found += check()
        except Exception as error:  # whatever a broken package does, the rest is checked
            name = check.__name__.removeprefix("check_")
            problem = f"cannot be checked ({type(error).__name__}: {one_line(error)})"
            found.append(Check(name, problem, "fault", "see where with: DEBUG=1 python -m runtime.doctor"))
            if os.environ.get("DEBUG") == "1":
                print_traceback(type(error), error, error.__traceback__)
    return found


def check_version() -> list[Check]:
    """The version of this package.

    Returns:
        "version", always ok.
    """
    return [Check("version", f"{PROGRAM} {__version__}")]


def _check_model(path: str | None) -> list[Check]:
    if try_import("numpy")[0] is None or try_import("cv2")[0] is None:
        return [Check("model", "cannot be checked without numpy and OpenCV", "note")]
    try:
        from runtime.classifier import DEFAULT_MODEL, Classifier
        from runtime.proof import selftest
        from runtime.tflite.golden import median_ms

        remedy = _restore_command(Path(path) if path else DEFAULT_MODEL, is_shipped=path is None)
        classifier = Classifier.load(path)
        report = selftest(classifier)
    except InterpreterMissing:
        return [Check("model", "cannot be checked without an interpreter", "note")]
    except EdgeError as error:
        return [Check("model", one_line(error), "fault", remedy)]
    card = classifier.card
    name = f"{card.name} {card.version}".strip()
    value = f"{name}, {len(card.labels)} labels, {classifier.interpreter.input}"
    if _is_replaced(Path(path) if path else DEFAULT_MODEL):
        return [Check("model", f"{value}; it is not the file that was installed here", "fault", remedy)]
    if report.faults:
        remedy = "update the interpreter, or convert the model again: python -m convert"
        return [Check("model", value), *(Check("selftest", fault, "fault", remedy) for fault in report.faults)]
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%}"
    inference_ms = median_ms(classifier.interpreter, card)
    proven = Check("selftest", f"{report.vectors} vectors {proof}, {inference_ms:.3f} ms an image")
    return [Check("model", value), proven]


def _is_replaced(model: Path) -> bool:
    """Whether a model differs from the one installed, by a .sha256 file beside it or the wheel's RECORD.

    The card's own sha256 proves only that a model is whole; this finds a whole model in the place of another.
    """
    import base64
    import hashlib

    digest = hashlib.sha256(model.read_bytes())
    noted = machine.read_text(f"{model}.sha256").split()
    if noted:
        return noted[0] != digest.hexdigest()
    inside = model.resolve().relative_to(HERE.parent) if model.resolve().is_relative_to(HERE.parent) else model
    records = "".join(machine.read_text(str(path)) for path in HERE.parent.glob("edge_classifier-*.dist-info/RECORD"))
    recorded = re.search(rf"^{re.escape(inside.as_posix())},sha256=([\w-]+),", records, re.MULTILINE)
    return recorded is not None and recorded[1] != base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _restore_command(model: Path, is_shipped: bool) -> str:
    """The command that brings a model back."""
    if os.path.exists(f"{model}.sha256"):  # noqa: PTH110  # a folder that may not be read is no error of this check
        return "on the workstation: make deploy HOST=..."
    if not is_shipped:
        return "copy the model again, or make one with: python -m convert"
    if (HERE.parent / ".git").exists():
        return "git checkout -- runtime/models/digits.tflite"
    return f"{sys.executable} -m pip install --force-reinstall --no-deps edge-classifier"


def to_text(check: Check) -> str:
    """A check for a person.

    Args:
        check: What was found.

    Returns:
        One line; two where there is a remedy.

    Example:
        >>> to_text(Check("display", "none: readings come as text"))
        'ok    display      none: readings come as text'
    """
    state = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}[check.state]
    line = f"{state} {check.name:12s} {shortened(printable(check.value), MAX_VALUE)}"
    return line + (f"\n      {'':12s} -> {printable(check.remedy)}" if check.remedy else "")


def main() -> int:
    """Print every check.

    Returns:
        The exit status: 1 where a check is a fault, else 0.
    """
    options = build_parser().parse()
    checks = examine(options.model)
    for check in checks:
        check = dataclasses.replace(check, remedy=as_called(check.remedy))
        if options.json:
            print_data(to_json(dataclasses.asdict(check)))
        else:
            print_lines(to_text(check))
    return 1 if any(check.state == "fault" for check in checks) else 0


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser(
        "python -m runtime.doctor", "Check this machine; each fault comes with the command that repairs it.", EXAMPLE
    )
    add_model_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


if __name__ == "__main__":
    run(main)
