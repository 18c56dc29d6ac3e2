"""report.html: one file, its pictures inside, no script, nothing fetched. Pure."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.tflite.card import ModelCard

if TYPE_CHECKING:
    from train.report.material import Json, ReportData

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem }
img { max-width: 100%; height: auto } figure { margin: 0; overflow-x: auto }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere }
.wide { overflow-x: auto } pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: 12px }
.missing { background: #fff6e0; padding: .6rem .8rem }
"""
TITLES = {
    "training_images.png": "Training images",
    "curves.png": "Loss and accuracy",
    "confusion.png": "Confusion matrix",
    "answers.png": "Test images by chance",
    "mistakes.png": "The worst mistakes",
    "reliability.png": "How far its probabilities can be believed",
    "disagreements.png": "Images that the .tflite files answer otherwise than Keras",
}
COMPARE_COMMAND = "python -m convert.compare"

Rows = Sequence[Sequence[object]]


def html_of(m: ReportData, pictures: Mapping[str, bytes]) -> str:
    """The whole page. pictures: PNG bytes by file name, in order."""
    parts = [f"<h1>{escape(m.card.name)}: {escape(str(m.card.training.get('model', 'model')))}</h1>", _summary(m)]
    after = {"confusion.png": _per_class(m)}
    for name, data in pictures.items():
        if name == "disagreements.png":
            continue
        parts += [_figure(name, data), after.get(name, "")]
    parts += ["<h2>Parity of Keras and .tflite</h2>", _parity(m), _comparison(m)]
    if "disagreements.png" in pictures:
        parts.append(_figure("disagreements.png", pictures["disagreements.png"]))
    parts += ["<h2>The card</h2>", _card(m.tflite_card or m.card)]
    body = "\n".join(part for part in parts if part)
    title = escape(f"{m.card.name}: training report")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def table(head: Sequence[str], rows: Rows) -> str:
    """An HTML table; numbers as they are given, text escaped."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table><tr>{cells}</tr>\n{lines}</table></div>'


def _figure(name: str, data: bytes) -> str:
    title = TITLES[name]
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return f'<h2>{escape(title)}</h2>\n<figure><img src="{source}" alt="{escape(title)}"></figure>'


def _summary(m: ReportData) -> str:
    training, given = m.card.training, m.probabilities.argmax(axis=1)
    wrong = int((given != m.labels_test).sum())
    rows = [
        ("dataset", training.get("dataset", "")),
        ("images", f"{len(m.labels_train):,} to learn from, {len(m.labels_test):,} to test"),
        ("classes", len(m.card.labels)),
        ("epochs", f"{len(m.history)}, kept: {training.get('best_epoch', len(m.history))}"),
        ("training took", f"{sum(row.seconds for row in m.history):,.0f} s"),
        ("seed", training.get("seed", "")),
        ("accuracy on the test images", f"{_share(1 - wrong / len(m.labels_test))} ({wrong:,} wrong)"),
        ("command", training.get("command", "")),
    ]
    return table(("", ""), rows)


def _per_class(m: ReportData) -> str:
    from sklearn.metrics import precision_recall_fscore_support

    count = len(m.card.labels)
    columns = precision_recall_fscore_support(
        m.labels_test, m.probabilities.argmax(axis=1), labels=np.arange(count), zero_division=0.0
    )
    rows = [
        (label, int(n), *(_share(value) for value in values))
        for label, *values, n in zip(m.card.labels, *columns, strict=True)
    ]
    return table(("class", "test images", "precision", "recall", "F1"), rows)


def _parity(m: ReportData) -> str:
    if m.parity is None:
        return '<p class="missing">Not converted yet. Run: <code>python -m convert</code></p>'
    p = m.parity
    rows = [
        ("quantization", p["quantization"]),
        ("Keras accuracy", _share(p["float_accuracy"])),
        (".tflite accuracy", _share(p["quantized_accuracy"])),
        ("drop, limit", f"{p['drop']:.4f}, at most {p['limits']['max_accuracy_drop']:g}"),
        ("agreement, limit", f"{p['agreement']:.4f}, at least {p['limits']['min_agreement']:g}"),
        ("largest difference of a probability", f"{p['max_difference']:.4f}"),
        ("temperature", p["temperature"]["value"]),
        ("calibration error before, after", _errors(p["temperature"])),
        ("verdict", "passed" if p["passed"] else "; ".join(p["missed"])),
    ]
    return table(("", ""), rows)


def _errors(fitted: Json) -> str:
    return ", ".join(_share(fitted[f"test_calibration_error_{when}"]) for when in ("before", "after"))


def _comparison(m: ReportData) -> str:
    if m.comparison is None:
        return f'<p class="missing">All four quantizations beside each other: <code>{COMPARE_COMMAND}</code></p>'
    found = m.comparison["quantizations"]
    figures = [
        (
            row["quantization"],
            f"{row['bytes']:,}",
            _share(row["accuracy"]),
            f"{row['drop'] * 100:.2f}",
            _share(row["agreement"]),
            f"{row['mcnemar']['only_float']} : {row['mcnemar']['only_quantized']}",
            f"{row['mcnemar']['p']:.3g}",
        )
        for row in found
    ]
    head = (
        "quantization",
        "bytes",
        "accuracy",
        "drop, points",
        "agreement",
        "right alone, Keras : .tflite",
        "McNemar p",
    )
    recall = [
        (label, _share(m.comparison["float_recall"][number]), *(_share(row["recall"][number]) for row in found))
        for number, label in enumerate(m.card.labels)
    ]
    return "\n".join(
        [
            table(head, figures),
            "<p>McNemar's exact test: how likely a difference at least as large is where both are equally good.</p>",
            "<h2>Recall of each class</h2>",
            table(("class", "Keras", *(row["quantization"] for row in found)), recall),
            "<h2>Quantization error of each layer, int8</h2>",
            _layers(m.comparison["layers"]),
        ]
    )


def _layers(layers: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (one["name"], f"{one['scale']:.4g}", f"{one['error_in_steps']:.2f}", f"{one['relative_error']:.2%}")
        for one in layers
    ]
    note = (
        "<p>Against the float32 .tflite, with what the layers before have gathered. One step is the tensor's scale; "
        "rounding alone gives 0.29 of it.</p>"
    )
    return table(("layer's output", "scale", "root mean square error, steps", "relative"), rows) + note


def _card(card: ModelCard) -> str:
    """As JSON; the self-test vectors by their number only."""
    short = dataclasses.replace(card, golden=())
    values = {**json.loads(short.to_json()), "golden": f"{len(card.golden)} self-test vectors"}
    return f"<pre>{escape(json.dumps(values, indent=1, ensure_ascii=False))}</pre>"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
