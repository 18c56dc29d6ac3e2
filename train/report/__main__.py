"""python -m train.report: the pictures and the page of a training run."""

from __future__ import annotations

from pathlib import Path

from runtime.cli.parser import Parser, run
from runtime.errors import DataError
from runtime.native import silence_native_code
from workbench.run_folder import MODEL_FILE

EXAMPLE = "  python -m train.report artifacts"


def main() -> int:
    """Make the pictures and the page again.

    Returns:
        The exit status.

    Raises:
        EdgeError: What a user can mend.
    """
    parser = Parser("python -m train.report", "Make the pictures and report.html of a training run.", EXAMPLE)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("artifacts"), help="(default: artifacts)")
    folder: Path = parser.parse().folder

    from train.quiet import import_tensorflow

    if not (folder / MODEL_FILE).is_file():
        raise DataError(f"{folder}: expected {MODEL_FILE} and what comes with it. Make them with: python -m train")
    silence_native_code()
    import_tensorflow()
    import keras

    from train.report.build import write_report

    print(write_report(folder, keras.models.load_model(folder / MODEL_FILE, compile=False)))
    return 0


if __name__ == "__main__":
    run(main)
