"""What pictures decide, and what they cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.adoption.candidates import Result, try_ways, ways
from runtime.adoption.decide import decide, explain_useless
from runtime.errors import ModelError
from runtime.foreign.normalization import SCALES
from runtime.tflite.card import Decision, InputSpec
from runtime.tflite.interpreter import Interpreter
from tests.runtime.adoption.made import COUNT, NAMES, SIDE, examples, model

SPEC = InputSpec(SIDE, SIDE, 3, color="rgb", framing="whole")


def results(name: str = "0..1", count: int = COUNT, order: tuple[int, ...] = (0, 1, 2)) -> list[Result]:
    interpreter = Interpreter.load(model(SCALES[name], order))
    return try_ways(interpreter, SPEC, Decision(), examples(count), ways(SPEC, None, False, False))


def truth(count: int = COUNT) -> NDArray[np.int64]:
    return examples(count).truth


def test_scale_and_color_are_told() -> None:
    decided = decide(results("-1..1", order=(2, 1, 0)), truth(), may_move=True)
    way = decided.result.way
    assert (way.scale.name, way.color, way.resize) == ("-1..1", "bgr", "stretch")
    assert decided.by["scale"].startswith(f"{COUNT} pictures, loss ")
    assert "color" in decided.by
    assert decided.right > 0.75 * COUNT
    assert decided.moved == 0
    assert explain_useless(decided, NAMES) == ""


def test_a_few_pictures_choose_no_scale() -> None:
    with pytest.raises(ModelError, match="8 pictures of 4 classes do not tell which pixels the model takes"):
        decide(results(count=8), truth(8), may_move=True)


def test_scales_that_are_alike_are_named() -> None:
    tried = [result for result in results() if result.way.resize == "stretch"]
    alike = [Result(result.way, tried[0].scores, result.seen) for result in tried]
    with pytest.raises(ModelError, match=r"the pictures cannot tell 0\.\.255 from 0\.\.1 \(\d+ and \d+ of"):
        decide(alike, truth(), may_move=True)


@pytest.mark.parametrize("step", [1, -1])
def test_labels_that_are_off_by_one_are_moved(step: int) -> None:
    decided = decide(results(), (truth() - step) % 4, may_move=True)
    assert decided.moved == step
    assert decided.right > 0.75 * COUNT
    held = decide([decided.result], (truth() - step) % 4, may_move=False)
    assert held.moved == 0
    assert "reads" in explain_useless(held, NAMES)


def test_what_is_no_better_than_chance_is_said() -> None:
    mixed = np.random.default_rng(1).permutation(truth())
    decided = decide([results()[0]], mixed, may_move=False)
    assert explain_useless(decided, NAMES).endswith("no better than chance: are these its classes, in this order?")
    few = decide([results(count=3)[0]], truth(3), may_move=False)
    assert "3 pictures are too few" in explain_useless(few, NAMES)


def test_a_class_that_is_never_read_is_named() -> None:
    right = next(one for one in results() if (one.way.scale.name, one.way.color) == ("0..1", "rgb"))
    scores = right.scores.copy()
    scores[truth() == 2] = [1, 0, 0, 0]
    decided = decide([Result(right.way, scores, right.seen)], truth(), may_move=False)
    assert explain_useless(decided, NAMES).startswith(f"never reads red: 0 of {COUNT // 4}, though ")


def test_a_model_that_is_sure_of_everything_is_suspected() -> None:
    tried = results()
    sure = np.eye(4, dtype=np.float32)[truth()]
    first = Result(tried[0].way, sure, tried[0].seen)
    assert "sure of every picture" in decide([first, *tried[1:]], truth(), may_move=False).warning
    assert decide(tried, truth(), may_move=False).warning == ""
