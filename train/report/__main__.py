"""python -m train.report: the pictures and the page of a training run."""

from __future__ import annotations

from pathlib import Path

from runtime.cli.parser import Parser, run
from runtime.errors import DataError
from train.report.build import write_report

EXAMPLE = "  python -m train.report artifacts"


def main() -> int:
    """Make the pictures and the page again; the exit status."""
    parser = Parser("python -m train.report", "Make the pictures and report.html of a training run.", EXAMPLE)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("artifacts"), help="(default: artifacts)")
    folder: Path = parser.parse().folder

    from train.quiet import divert_native_stderr, import_tensorflow

    if not (folder / "model.keras").is_file():
        raise DataError(f"{folder}: expected model.keras and what comes with it. Make them with: python -m train")
    divert_native_stderr()
    import_tensorflow()
    import keras

    print(write_report(folder, keras.models.load_model(folder / "model.keras", compile=False)))
    return 0


if __name__ == "__main__":
    run(main)
