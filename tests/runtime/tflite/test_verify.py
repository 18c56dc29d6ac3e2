"""What the file shows to be wrong is refused before an interpreter sees it, by a line that names the part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime.errors import ModelError
from runtime.tflite.verify import verify_model
from tests.runtime.tflite.flatbuffers import (
    BOOL,
    FLOAT32,
    Scalar,
    adder,
    flatbuffer,
    graph,
    ints,
    model,
    operator,
    tensor,
)

WHILE_OPTIONS = 93  # type of options


def looping(called: list[tuple[int, int]]) -> dict[int, Any]:
    """A model of one WHILE in each graph, which runs (condition, body); (0, 0) stands for none."""
    graphs = []
    for condition, body in called:
        options = (WHILE_OPTIONS, {0: Scalar("i", condition), 1: Scalar("i", body)})
        operators = [operator(0, (0,), (1,), options)] if condition else [operator(1, (0,), (1,))]
        graphs.append(graph([tensor((1, 4)), tensor((1, 4))], (0,), (1,), operators))
    return model(["WHILE", "RELU"], graphs)


def test_sound_models_pass(bare_model: bytes) -> None:
    verify_model(bare_model)
    verify_model(flatbuffer(adder()))
    verify_model(flatbuffer(looping([(1, 2), (0, 0), (0, 0)])))
    verify_model(flatbuffer(looping([(1, 2), (0, 0), (3, 1), (0, 0)])))  # a loop within a loop


@pytest.mark.parametrize(
    ("called", "problem"),
    [
        ([(1, 1), (1, 1)], "subgraphs 0, 1 run one another in a circle"),
        ([(1, 2), (2, 2), (1, 1)], "run one another in a circle"),
        ([(1, -7), (0, 0)], "runs subgraph -7 of 2"),
        ([(1, 2), (0, 0)], "runs subgraph 2 of 2"),
        ([(1, 0), (0, 0)], "runs the main graph"),
    ],
)
def test_graphs_that_run_one_another_are_refused(called: list[tuple[int, int]], problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        verify_model(flatbuffer(looping(called)))


def first(table: dict[int, Any]) -> dict[int, Any]:
    """The main graph of a model."""
    found: dict[int, Any] = table[2][0]
    return found


EDITS: list[tuple[str, Callable[[dict[int, Any]], object]]] = [
    (r"it has no graph", lambda m: m.pop(2)),
    (r"it has no graph", lambda m: m.update({2: []})),
    (r"an operator has code 2 of 2", lambda m: first(m)[3][0].update({0: Scalar("I", 2)})),
    (r"output is tensor -1 of 3", lambda m: first(m).update({2: ints(-1)})),
    (r"input is tensor 3 of 3", lambda m: first(m).update({1: ints(3)})),
    (r"nothing computes its output, tensor 2", lambda m: first(m).update({3: []})),
    (r"operator 0 \(SOFTMAX\): tensor 1 is read and nothing wrote it", lambda m: first(m)[3].reverse()),
    (r"tensor 1: it names buffer 1 of 1", lambda m: first(m)[0][1].update({2: Scalar("I", 1)})),
    (r"buffer 0 lies outside the file", lambda m: m[4][0].update({1: Scalar("Q", 2**63), 2: Scalar("Q", 2**63)})),
    (r"buffer 0 lies outside the file", lambda m: m[4][0].update({1: Scalar("Q", 900), 2: Scalar("Q", 2**64 - 1)})),
    (r"type 5, which numpy does not have", lambda m: first(m)[0][2].update({1: Scalar("b", 5)})),
    (r"type 18, which numpy does not have", lambda m: first(m)[0][2].update({1: Scalar("b", 18)})),
    (r"the name of tensor 0 is not UTF-8", lambda m: first(m)[0][0].update({3: b"\xff\xfe"})),
    (r"its tensors take 1,2\d\d,\d\d\d,\d\d\d bytes", lambda m: first(m)[0][1].update({0: ints(1, 1200, 1024, 1024)})),
    (
        r"a signature names tensor 9 of subgraph 0",
        lambda m: m.update({7: [{0: [{0: b"x", 1: Scalar("I", 9)}], 2: b"serve"}]}),
    ),
    (r"a name in a signature is not UTF-8", lambda m: m.update({7: [{0: [{0: b"\xff"}], 2: b"serve"}]})),
]


@pytest.mark.parametrize(("problem", "edit"), EDITS)
def test_what_the_file_shows_to_be_wrong_is_refused(problem: str, edit: Callable[[dict[int, Any]], object]) -> None:
    table = adder()
    edit(table)
    with pytest.raises(ModelError, match=problem) as caught:
        verify_model(flatbuffer(table))
    assert len(str(caught.value)) <= 300


def test_a_constant_that_lies_behind_the_tables_is_taken(bare_model: bytes) -> None:
    table = adder()
    first(table)[0].append(tensor((4,), FLOAT32, buffer=1))
    table[4].append({1: Scalar("Q", 2), 2: Scalar("Q", 16)})
    verify_model(flatbuffer(table))


def test_an_operator_of_a_newer_schema_is_left_to_the_interpreter() -> None:
    table = adder()
    table[1][0] |= {3: Scalar("i", 5000)}
    verify_model(flatbuffer(table))


def test_a_comparison_gives_truth_values() -> None:
    for kind, is_right in ((BOOL, True), (FLOAT32, False)):
        tensors = [tensor((1, 4)), tensor((1, 4), kind)]
        data = flatbuffer(model(["LESS"], [graph(tensors, (0,), (1,), [operator(0, (0, 0), (1,))])]))
        if is_right:
            verify_model(data)
        else:
            with pytest.raises(ModelError, match=r"operator 0 \(LESS\): its output is not of type BOOL"):
                verify_model(data)


def test_a_loop_without_its_own_options_would_run_the_main_graph() -> None:
    table = looping([(1, 2), (0, 0), (0, 0)])
    first(table)[3][0][3] = Scalar("B", 16)
    with pytest.raises(ModelError, match="runs the main graph"):
        verify_model(flatbuffer(table))
