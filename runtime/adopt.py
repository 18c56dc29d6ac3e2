"""python -m runtime.adopt: give a .tflite of others a card, by what its file says and what pictures tell."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

from runtime.adoption.adopt import Adopted, adopt
from runtime.adoption.examples import Examples, read_folder, read_npz
from runtime.cli.foreign_options import add_foreign_options, given_of
from runtime.cli.options import read_labels_option
from runtime.cli.parser import Parser, as_called, float_between, print_note, run
from runtime.cli.printing import print_lines
from runtime.errors import ModelError, OptionError, OutputError
from runtime.foreign.given import Given
from runtime.native import read_regular_file

MAX_MODEL_BYTES = 256 * 2**20
EXAMPLE = """  python -m runtime.adopt mobilenet.tflite -o birds.tflite
  python -m runtime.adopt mnist.tflite --pictures digits/ --framing ink -o digits.tflite
  python -m runtime.adopt model.tflite --scale=-1..1 -l labels.txt -o model-with-card.tflite"""


def main() -> int:
    """Print each decision with its evidence, and write the file.

    Returns:
        The exit status, 0.

    Raises:
        EdgeError: The file is no picture classifier, does not say how it is fed, or reads no better than chance; the
            pictures are not those of its classes; the file cannot be written.
    """
    options = build_parser().parse()
    source, target = Path(options.model), Path(options.out)
    if target.exists() and source.exists() and target.samefile(source):
        raise OptionError(f"--out {target}: is the model itself; give the file with the card another name")
    labels = read_labels_option(options.labels) if options.labels else None
    given = given_of(options, labels) or Given()
    adopted = adopt(_read(source), source, given, _examples(options.pictures, options.data), options.allow_useless)
    if options.name or options.reject_threshold is not None:
        adopted = _renamed(adopted, options.name, options.reject_threshold)
    _print(adopted)
    _write(target, adopted.data)
    print_note(f"saved {target}; next: {as_called('python -m runtime.selftest')} -m {shlex.quote(str(target))}")
    return 0


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser("python -m runtime.adopt", "Give a .tflite of others a card.", EXAMPLE)
    parser.add_argument("model", metavar="FILE", help="a .tflite without a card")
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="the file with the card")
    parser.add_argument("-l", "--labels", metavar="FILE", help="one label a line")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--pictures", metavar="FOLDER", help="labeled pictures: a subfolder for each class")
    pictures.add_argument("--data", metavar="FILE.npz", help="labeled pictures: arrays x_test and y_test")
    add_foreign_options(parser)
    parser.add_argument(
        "--reject-threshold", type=float_between(0, 1), metavar="X", help="'unsure' below this score (0.5 or 0.2)"
    )
    parser.add_argument("--name", metavar="NAME", help="of the model")
    parser.add_argument("--allow-useless", action="store_true", help="though it reads no better than chance")
    return parser


def _read(path: Path) -> bytes:
    try:
        return read_regular_file(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise ModelError(f"cannot read model {path}: {error.strerror or error}") from None


def _examples(folder: str | None, npz: str | None) -> Examples | None:
    if folder:
        return read_folder(Path(folder))
    return read_npz(Path(npz)) if npz else None


def _renamed(adopted: Adopted, name: str | None, threshold: float | None) -> Adopted:
    """The same with another name, or another threshold, in its card."""
    from runtime.tflite.card_file import attach_card, split_card

    card = adopted.card
    if name:
        card = dataclasses.replace(card, name=name)
    rows = adopted.rows
    if threshold is not None:
        card = dataclasses.replace(card, decision=dataclasses.replace(card.decision, reject_threshold=threshold))
        rows = tuple(("threshold", f"{threshold:g}", "given") if row[0] == "threshold" else row for row in rows)
    data = attach_card(split_card(adopted.data)[0], card)
    return dataclasses.replace(adopted, data=data, card=card, rows=rows)


def _print(adopted: Adopted) -> None:
    for name, value, by in adopted.rows:
        print_lines(f"{name:13s}  {value:32s}  {by}")
    if adopted.decided and len(adopted.trials) > 1:
        truth, of = adopted.decided.truth, len(adopted.decided.result.seen)
        for trial in sorted(adopted.trials, key=lambda trial: float(trial.losses(truth).mean())):
            fed = f"{trial.way.scale.name} {trial.way.resize} {trial.way.color}"
            loss = float(trial.losses(truth).mean())
            print_lines(f"{'tried':13s}  {fed:32s}  loss {loss:.3f}, {trial.right(truth)} of {of} right")
    for note in adopted.notes:
        print_note(f"note: {note}")


def _write(path: Path, data: bytes) -> None:
    """Write beside it and put it into its place: an earlier file is replaced whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror}") from None


if __name__ == "__main__":
    run(main)
