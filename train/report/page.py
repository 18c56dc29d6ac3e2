"""report.html: one file, its pictures inside, no script, nothing fetched. Pure."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from runtime.tflite.card import ModelCard
from train.report import tables

if TYPE_CHECKING:
    from train.report.material import ReportData

TEMPLATE = "report.html.j2"
TITLES = {
    "training_images.png": "Training images",
    "curves.png": "Loss and accuracy",
    "confusion.png": "Confusion matrix",
    "answers.png": "Test images by chance",
    "mistakes.png": "The worst mistakes",
    "reliability.png": "How far its probabilities can be believed",
    "disagreements.png": "Images that the .tflite files answer otherwise than Keras",
}
CONFUSION, DISAGREEMENTS = "confusion.png", "disagreements.png"


@dataclass(frozen=True)
class Figure:
    """A picture on the page.

    Attributes:
        title: Above it.
        source: A data: URL.
    """

    title: str
    source: str


def render_page(data: ReportData, pictures: Mapping[str, bytes]) -> str:
    """Render the whole page. The template escapes all text.

    Args:
        data: Data of the run.
        pictures: PNG bytes by file name, in the order of the page.

    Returns:
        HTML.
    """
    figures = {name: _figure(name, png) for name, png in pictures.items()}
    comparison = data.comparison
    return _template().render(
        name=data.card.name,
        model=str(data.card.training.get("model", "model")),
        summary=tables.summary(data),
        figures={name: figure for name, figure in figures.items() if name != DISAGREEMENTS},
        tables_after={CONFUSION: tables.per_class(data)},
        parity=None if data.parity is None else tables.parity(data.parity),
        quantizations=None if comparison is None else tables.quantizations(comparison),
        recalls=None if comparison is None else tables.recalls(comparison, data.card.labels),
        layers=None if comparison is None else tables.layer_errors(comparison["layers"]),
        disagreements=figures.get(DISAGREEMENTS),
        card=_card_text(data.tflite_card or data.card),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names of classes and datasets are anybody's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE)


def _figure(name: str, png: bytes) -> Figure:
    return Figure(TITLES[name], f"data:image/png;base64,{base64.b64encode(png).decode()}")


def _card_text(card: ModelCard) -> str:
    """The card as JSON, with the number of its self-test vectors in their place."""
    short = dataclasses.replace(card, golden=())
    values = {**json.loads(short.to_json()), "golden": f"{len(card.golden)} self-test vectors"}
    return json.dumps(values, indent=1, ensure_ascii=False)
