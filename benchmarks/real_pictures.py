"""How well real pictures are read.

Command: python -m benchmarks.real_pictures FOLDER

FOLDER holds a manifest.csv with the columns path, label, kind, repo and task:

single    one digit. Right is a `predict` that gives it; blank and unsure are misses. Micro is the share of
          pictures, macro the mean over the sources (repo).
multi     label is every digit in reading order with "/" between rows; spaces and signs are dropped. What
          `read` gives has a line break where the label has its "/", so both are texts of the same alphabet.
          The character error rate is the Levenshtein distance between them (insertions, deletions and
          substitutions count one each, a wrong row break too), summed over all pictures, over the summed
          length of the labels. A line is exact where the label's row is, in order, among the lines read.
page      as multi, with more on the page than the label says: only the share of the label's rows that are
          among the lines read, whole and with nothing added.
negative  nothing to read. Right is a `predict` whose label is null, blank or unsure.

FOLDER may be an .npz file of pictures without digits, key x, uint8 (n, h, w): all of them are negatives.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from benchmarks.misses import Miss, write_sheets
from benchmarks.text_scores import digits_of, distance, exact_rows
from runtime.classifier import Classifier
from runtime.cli.parser import Parser, print_error, print_note, run
from runtime.errors import ImageError, SourceError
from runtime.image.files import read_image
from runtime.preprocess import prepare

EXAMPLE = "  python -m benchmarks.real_pictures ../shared/data/real -m artifacts/model.tflite --sheet misses"
COLUMNS = {"path", "label", "kind", "repo", "task"}


@dataclass(frozen=True)
class Outcome:
    """One picture: what it shows, what was read, and how much of it was right. Texts have their rows joined by "/".

    Attributes:
        path: Path of the picture, relative to the folder.
        kind: As the manifest has it.
        repo: Its source.
        task: "single", "multi", "page" or "negative".
        expected: The text that it shows.
        received: The text that was read, "" for none.
        reason: Why nothing was read, "" otherwise.
        right: Label rows read exactly; a single digit and a negative are one row.
        of: Label rows.
        edits: Levenshtein distance of the texts.
    """

    path: str
    kind: str
    repo: str
    task: str
    expected: str
    received: str
    reason: str
    right: int
    of: int
    edits: int


def main() -> int:
    """Print a table for each source and kind, the sums, and where asked a sheet of every miss.

    Returns:
        The exit status.
    """
    parser = Parser("python -m benchmarks.real_pictures", "Measure on real pictures.", EXAMPLE)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-m", "--model", metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="name every miss")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="write contact sheets (PNG) of every miss there")
    options = parser.parse()
    classifier = Classifier.load(options.model)
    if options.folder.suffix == ".npz":
        print("\n".join(sums(outcomes_without_digits(classifier, options.folder))))
        return 0
    outcomes = [o for row in manifest(options.folder) if (o := outcome(classifier, options.folder, row)) is not None]
    print("\n".join([*table(outcomes), "", *sums(outcomes)]))
    misses = [o for o in outcomes if o.right < o.of or o.edits]
    if options.misses:
        print("\n".join(f"{o.path}: {o.expected} read as {o.received or o.reason}" for o in misses))
    if options.sheet:
        for path in write_sheets(options.sheet, [_miss(classifier, options.folder, o) for o in misses]):
            print_note(f"saved {path}")
    return 0


def manifest(folder: Path) -> list[dict[str, str]]:
    """Read a folder's manifest.csv.

    Args:
        folder: Folder of labeled pictures.

    Returns:
        A row a picture.

    Raises:
        SourceError: There is no manifest, or a column is missing.
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise SourceError(f"no manifest.csv in {folder}; expected a folder of labeled pictures")
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise SourceError(f"{path}: expected the columns {sorted(COLUMNS)}; missing {sorted(missing)}")
        return list(reader)


def outcomes_without_digits(classifier: Classifier, path: Path) -> list[Outcome]:
    """Classify pictures of which none shows a digit.

    Args:
        classifier: The model.
        path: An .npz file with the pictures under the key x.

    Returns:
        An outcome a picture.

    Raises:
        SourceError: It is another file.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pictures = list(arrays["x"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise SourceError(f"{path}: expected an .npz file with pictures, key x ({error})") from None
    found = []
    for number, picture in enumerate(pictures):
        prediction = classifier.predict(picture)
        label, reason = prediction.label or "", prediction.reason or ""
        name = f"{path.name}[{number}]"
        found.append(Outcome(name, "npz", path.stem, "negative", "", label, reason, int(not label), 1, len(label)))
    return found


def outcome(classifier: Classifier, folder: Path, row: dict[str, str]) -> Outcome | None:
    """Read one picture.

    Args:
        classifier: The model.
        folder: Folder of the manifest.
        row: Row of the manifest.

    Returns:
        Its outcome; None, with a line on standard error, where it cannot be opened.
    """
    try:
        image = read_image(folder / row["path"])
    except ImageError as error:
        print_error(error)
        return None
    task, expected = row["task"], digits_of(row["label"])
    reason = ""
    if task in ("single", "negative"):
        prediction = classifier.predict(image)
        received, reason = prediction.label or "", prediction.reason or ""
        right, of, edits = int(received == expected), 1, distance(expected, received)
    else:
        received = classifier.read(image).text.replace("\n", "/")
        rows = expected.split("/")
        right, of = exact_rows(rows, received.split("/")), len(rows)
        edits = distance(expected, received) if task == "multi" else 0
    return Outcome(row["path"], row["kind"], row["repo"], task, expected, received, reason, right, of, edits)


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Sum the outcomes up by task, source and kind.

    Args:
        outcomes: Outcomes of all pictures.

    Returns:
        Lines of text: right, of, share, and how many were rejected.
    """
    groups: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.task, one.repo, one.kind].append(one)
    lines = [f"{'task':9s}{'source':62s}{'kind':7s}{'right':>6s}{'of':>6s}{'share':>9s}{'null':>6s}"]
    for (task, repo, kind), group in sorted(groups.items()):
        right, of = sum(o.right for o in group), sum(o.of for o in group)
        null = sum(not o.received for o in group)
        lines.append(f"{task:9s}{repo[:60]:62s}{kind:7s}{right:6d}{of:6d}{right / of:9.2%}{null:6d}")
    return lines


def sums(outcomes: list[Outcome]) -> list[str]:
    """Sum the outcomes up by task.

    Args:
        outcomes: Outcomes of all pictures.

    Returns:
        The figures of each task that the folder has, one a line.
    """
    by_task: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_task[one.task].append(one)
    writers: dict[str, Callable[[list[Outcome]], list[str]]] = {
        "single": _single,
        "multi": _multi,
        "page": lambda group: [f"page      labeled rows exact {_rows(group)}"],
        "negative": lambda group: [f"negative  null {_rows(group)} ({_reasons(group)})"],
    }
    return [line for task, write in writers.items() if by_task[task] for line in write(by_task[task])]


def _single(group: list[Outcome]) -> list[str]:
    sources: dict[str, list[Outcome]] = defaultdict(list)
    for one in group:
        sources[one.repo].append(one)
    macro = sum(sum(o.right for o in source) / len(source) for source in sources.values()) / len(sources)
    rejected = [o for o in group if not o.received]
    return [
        f"single    micro {_rows(group)}; rejected {len(rejected)} ({_reasons(rejected)})",
        f"single    macro over {len(sources)} sources {macro:.2%}",
    ]


def _multi(group: list[Outcome]) -> list[str]:
    edits, length = sum(o.edits for o in group), sum(len(o.expected) for o in group)
    return [
        f"multi     character error rate {edits / length:.2%} ({edits} edits in {length} characters)",
        f"multi     lines exact {_rows(group)}",
    ]


def _rows(group: list[Outcome]) -> str:
    right, of = sum(o.right for o in group), sum(o.of for o in group)
    return f"{right / of:.2%} ({right} of {of})"


def _reasons(group: list[Outcome]) -> str:
    counts = Counter(o.reason for o in group if o.reason)
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items())) or "none"


def _miss(classifier: Classifier, folder: Path, one: Outcome) -> Miss:
    """The picture, its label and the answer, and the model's input where it shows one digit."""
    image = read_image(folder / one.path)
    prepared = prepare(image, classifier.card.input) if one.task in ("single", "negative") else None
    shown = None if prepared is None else prepared.pixels
    reading = classifier.read(image) if one.task in ("multi", "page") else None
    return Miss(f"{one.path}", f"{one.expected or 'none'} -> {one.received or one.reason}", image, shown, reading)


if __name__ == "__main__":
    run(main)
