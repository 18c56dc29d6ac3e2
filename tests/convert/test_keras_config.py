"""Configurations of layers as JSON: what is found in them, and what is changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from convert import keras_config

POLICY = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
LSTM = {"class_name": "LSTM", "config": {"name": "lstm", "dtype": POLICY, "unroll": False, "time_major": False}}
MODEL: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {
        "name": "mixed_float16",  # a model may have any name
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "dtype": "uint8"}},
            {"class_name": "Wrapper", "config": {"layer": LSTM}},
            {"class_name": "DepthwiseConv2D", "config": {"groups": 1, "dtype": "mixed_float16"}},
            {"class_name": "DepthwiseConv2D", "config": {"groups": 2}},
        ],
    },
}


def test_classes_are_found_at_any_depth() -> None:
    assert keras_config.class_names(MODEL) == {
        *("Sequential", "InputLayer", "Wrapper", "LSTM", "DTypePolicy", "DepthwiseConv2D")
    }
    assert keras_config.class_names({"class_name": "pkg>Strange", "config": {}}) == {"Strange"}


def test_all_is_computed_in_float32_and_the_original_stays() -> None:
    before = copy.deepcopy(MODEL)
    made = keras_config.in_float32(MODEL)
    assert before == MODEL
    layers = made["config"]["layers"]
    assert layers[0]["config"]["dtype"] == "float32"
    assert layers[1]["config"]["layer"]["config"]["dtype"]["config"]["name"] == "float32"
    assert layers[2]["config"]["dtype"] == "float32"
    assert made["config"]["name"] == "mixed_float16"
    assert keras_config.in_float32(made) == made


def test_recurrent_layers_are_unrolled() -> None:
    inner = keras_config.unrolled(MODEL)["config"]["layers"][1]["config"]["layer"]
    assert inner["config"]["unroll"] is True


def test_only_leftovers_that_say_nothing_go() -> None:
    layers = keras_config.without_leftovers(MODEL)["config"]["layers"]
    assert "time_major" not in layers[1]["config"]["layer"]["config"]
    assert "groups" not in layers[2]["config"]
    assert layers[3]["config"]["groups"] == 2  # says something: Keras may refuse it


@pytest.mark.parametrize(
    ("layer", "foreign"),
    [
        ({"class_name": "TFOpLambda", "config": {"function": "math.truediv"}}, []),
        ({"class_name": "TFOpLambda", "config": {"function": "__operators__.add"}}, []),
        ({"class_name": "TFOpLambda", "config": {"function": "reshape"}}, []),
        ({"class_name": "SlicingOpLambda", "config": {"function": "__operators__.getitem"}}, []),
        ({"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}, ["io.write_file"]),
        ({"class_name": "TFOpLambda", "config": {"function": "raw_ops.WriteFile"}}, ["raw_ops.WriteFile"]),
        ({"class_name": "TFOpLambda", "config": {"function": "py_function"}}, ["py_function"]),
        ({"class_name": "TFOpLambda", "config": None}, ["TFOpLambda"]),
        ({"class_name": "Dense", "config": {"function": "io.write_file"}}, []),
    ],
)
def test_functions_that_do_more_than_compute_are_named(layer: dict[str, Any], foreign: list[str]) -> None:
    assert keras_config.foreign_functions({"layers": [layer]}) == foreign
