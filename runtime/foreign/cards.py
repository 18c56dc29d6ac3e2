"""The card of a model without one, by the evidence; and what a person is told of it."""

from __future__ import annotations

from runtime.errors import ModelError
from runtime.foreign.evidence import GIVEN, Evidence
from runtime.foreign.refusals import plain
from runtime.tflite.card import Decision, InputSpec, ModelCard

THRESHOLD, THRESHOLD_OF_MANY = 0.5, 0.2  # reject_threshold of up to 100 classes, and of more
MANY_CLASSES = 100
INK_SHARE = 20 / 28  # of the smaller side: the box that MNIST's marks are scaled to


def card_of(evidence: Evidence) -> ModelCard:
    """Make the card of a model without one.

    Args:
        evidence: What is known of the model.

    Returns:
        The card; `origin` says who decided what.

    Raises:
        ModelError: Nobody says which pixels the model takes; the message has the choices.
    """
    if evidence.scale is None:
        raise ModelError(explain_scale(evidence))
    form, scale = evidence.form, evidence.scale.scale
    is_ink = evidence.framing == "ink"
    return ModelCard(
        name=evidence.metadata.name or evidence.name.rpartition(".")[0] or evidence.name,
        version="",
        labels=evidence.labels.names,
        input=InputSpec(
            height=form.height,
            width=form.width,
            channels=form.channels,
            color=evidence.color[0],
            polarity="light-on-dark" if is_ink else "any",
            framing=evidence.framing,
            ink_box=round(min(form.height, form.width) * INK_SHARE),
            resize=evidence.resize[0],
            mean=scale.mean,
            std=scale.std,
            layout=form.layout,
        ),
        decision=_decision(evidence),
        quantization=evidence.dtype if evidence.dtype in ("int8", "uint8", "int16") else "",
        origin=_origin(evidence),
    )


def _decision(evidence: Evidence) -> Decision:
    usual = THRESHOLD_OF_MANY if len(evidence.labels.names) > MANY_CLASSES else THRESHOLD
    kind = evidence.output_form.kind
    return Decision(
        output=kind,
        choice="many" if kind == "sigmoid" and evidence.output_form.classes > 1 else "one",
        output_index=evidence.output,
        reject_threshold=evidence.metadata.threshold or usual,
    )


def _origin(evidence: Evidence) -> dict[str, object]:
    said = evidence.metadata
    decided = {
        "normalization": evidence.scale.by if evidence.scale else "",
        "labels": evidence.labels.by,
        "output": f"last operator {evidence.output_form.last}",
        "resize": evidence.resize[1],
        "color": evidence.color[1],
    }
    words = {"name": said.name, "author": said.author, "license": said.license}
    return {**{key: value for key, value in words.items() if value}, "decided_by": decided}


def explain_scale(evidence: Evidence) -> str:
    """Say that a float model does not say which pixels it takes, and what to do.

    Args:
        evidence: What is known of the model.

    Returns:
        One line of at most 300 characters.
    """
    choices = "--scale 0..1 (most Keras tutorials), -1..1 (Teachable Machine, MobileNet), 0..255 (Rescaling inside)"
    imagenet = ", imagenet" if evidence.form.channels == 3 else ""
    return (
        f"{plain(evidence.name, 32)} takes {evidence.dtype} and does not say of which pixels. Say it: "
        f"{choices}{imagenet}, or --mean M --std S; or let pictures tell: "
        "python -m runtime.adopt FILE --pictures FOLDER"
    )


def note_of(evidence: Evidence) -> str:
    """What a person is told where a model without a card is run as its file says.

    Args:
        evidence: What is known of the model.

    Returns:
        One line, without "note:".
    """
    finding = evidence.scale
    if finding is None:
        return ""
    by = {GIVEN: "as given", "Teachable Machine": "as Teachable Machine trains"}.get(
        finding.by, f"as its {finding.by} says"
    )
    parts = [f"{evidence.name} has no card; fed {finding.scale.name} {by}"]
    if finding.doubt:
        parts.append(finding.doubt)
    if evidence.labels.by not in ("", GIVEN):
        parts.append(f"labels of {evidence.labels.by}")
    if evidence.labels.problem:
        parts.append(evidence.labels.problem)
    return "; ".join(parts) + " (python -m runtime.adopt makes one)"
