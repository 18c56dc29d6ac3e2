"""How many real pictures the model that ships reads: python -m benchmarks.real_pictures FOLDER

FOLDER holds a manifest.csv with the columns path, label, repo, task. Pictures whose task is "single"
show one digit; of those whose task is "negative" nothing should be read. A true digit that comes back
as blank or unsure counts as missed. Macro is the mean over the sources (repo).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from runtime.classifier import Classifier
from runtime.command import Parser, error_line, run
from runtime.errors import ImageError, SourceError
from runtime.frames import read_image

EXAMPLE = "  python -m benchmarks.real_pictures ../shared/data/real -m artifacts/model.tflite"


def main() -> int:
    """Print a table per source and the sums."""
    parser = Parser("python -m benchmarks.real_pictures", "Measure on real pictures.", EXAMPLE)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-m", "--model", metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="name every miss")
    options = parser.parse()
    classifier = Classifier.load(options.model)
    manifest = options.folder / "manifest.csv"
    if not manifest.is_file():
        raise SourceError(f"no manifest.csv in {options.folder}; expected a folder of labelled pictures")
    right: dict[str, list[bool]] = defaultdict(list)
    rejected: list[bool] = []
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["task"] not in ("single", "negative"):
                continue
            label = _read(classifier, options.folder / row["path"])
            if row["task"] == "negative":
                rejected.append(label is None)
                continue
            right[row["repo"]].append(label == row["label"])
            if options.misses and label != row["label"]:
                print(f"{row['path']}: {row['label']} read as {label}")
    for repo, hits in sorted(right.items()):
        print(f"{repo:75s} {sum(hits):4d} of {len(hits):4d}  {_share(hits):7.2%}")
    print(f"single digits, micro {_share(h for hits in right.values() for h in hits):.2%}")
    print(f"single digits, macro over {len(right)} sources {sum(map(_share, right.values())) / len(right):.2%}")
    print(f"negatives that come back null {sum(rejected)} of {len(rejected)}")
    return 0


def _read(classifier: Classifier, path: Path) -> str | None:
    try:
        return classifier.predict(read_image(path)).label
    except ImageError as error:
        error_line(error)
        return None


def _share(hits: Iterable[bool]) -> float:
    values = list(hits)
    return sum(values) / len(values)


if __name__ == "__main__":
    run(main)
