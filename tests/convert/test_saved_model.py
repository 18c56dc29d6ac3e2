"""Operators of SavedModels: what computes is loaded, what does more is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from convert.load import load
from convert.saved_model import check_saved_model
from runtime.errors import ModelError


class _Module(tf.Module):  # type: ignore[misc]
    """serve() does `act` and gives two scores."""

    def __init__(self, act: Callable[[Any], Any]) -> None:
        super().__init__()
        self.weights = tf.Variable(np.ones((4, 2), np.float32))
        self.act = act

    @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32)])  # type: ignore[untyped-decorator]
    def serve(self, x: Any) -> Any:
        return self.act(x) @ self.weights


def _saved(folder: Path, act: Callable[[Any], Any]) -> Path:
    module = _Module(act)
    tf.saved_model.save(module, folder, signatures={"serving_default": module.serve})
    return folder


def _after(operator: Callable[[], Any]) -> Callable[[Any], Any]:
    def act(x: Any) -> Any:
        with tf.control_dependencies([operator()]):
            return tf.identity(x)

    return act


def _nested(operator: Callable[[], Any]) -> Callable[[Any], Any]:
    """The operator in a function of a branch of a function."""

    @tf.function  # type: ignore[untyped-decorator]
    def inner(x: Any) -> Any:
        return _after(operator)(x)

    return lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: inner(x), lambda: x)


@pytest.mark.parametrize("wrap", [_after, _nested])
@pytest.mark.parametrize(
    ("operator", "name"),
    [
        (lambda: tf.io.write_file("ran", "x"), "WriteFile"),
        (lambda: tf.io.read_file("/etc/hostname"), "ReadFile"),
        (lambda: tf.print("x", output_stream="file://ran"), "PrintV2"),
        (lambda: tf.io.matching_files("/*"), "MatchingFiles"),
        (lambda: tf.raw_ops.DebugIdentity(input=1.0, debug_urls=["file://ran"]), "DebugIdentity"),
        (lambda: tf.raw_ops.SaveV2(prefix="ran", tensor_names=["x"], shape_and_slices=[""], tensors=[1.0]), "SaveV2"),
        (lambda: tf.py_function(lambda: 1.0, [], tf.float32), "EagerPyFunc"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operators_that_reach_out_are_refused_and_never_run(
    wrap: Callable[[Any], Any], operator: Callable[[], Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = _saved(tmp_path / "model", wrap(operator))
    with pytest.raises(ModelError, match=rf"operators that do more than compute: {name}\. It was not loaded"):
        load(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "act",
    [
        tf.identity,
        lambda x: tf.nn.relu(x) + tf.einsum("bi,ij->bj", x, tf.eye(4)),
        lambda x: tf.nn.dropout(x, 0.5),
        lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (0, x))[1],
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: -x),
        lambda x: tf.debugging.assert_all_finite(x, "not finite"),
    ],
)
def test_what_computes_is_loaded(act: Callable[[Any], Any], tmp_path: Path) -> None:
    assert load(_saved(tmp_path / "model", act)).shape == (4,)


def test_a_model_of_tensorflow_1_is_loaded_and_its_operators_are_looked_at(tmp_path: Path) -> None:
    for name, is_hostile in (("sound", False), ("hostile", True)):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            x = tf.compat.v1.placeholder(tf.float32, (None, 4))
            weights = tf.compat.v1.get_variable("w", (4, 2))
            with tf.control_dependencies([tf.io.write_file(str(tmp_path / "ran"), "x")] if is_hostile else []):
                y = x @ weights
            session.run(tf.compat.v1.global_variables_initializer())
            tf.compat.v1.saved_model.simple_save(session, str(tmp_path / name), {"x": x}, {"y": y})
    assert load(tmp_path / "sound").shape == (4,)
    with pytest.raises(ModelError, match="do more than compute: WriteFile"):
        load(tmp_path / "hostile")
    assert not (tmp_path / "ran").exists()


def test_the_models_of_keras_pass(artifacts: Path) -> None:
    check_saved_model(artifacts / "saved_model")


def test_a_damaged_graph_is_one_clear_line(artifacts: Path, tmp_path: Path) -> None:
    whole = (artifacts / "saved_model" / "saved_model.pb").read_bytes()
    for data in (b"\xff" * 50, whole[: len(whole) // 2]):
        (tmp_path / "saved_model.pb").write_bytes(data)
        with pytest.raises(ModelError, match=r"saved_model\.pb is damaged"):
            check_saved_model(tmp_path)
    (tmp_path / "saved_model.cpb").write_bytes(b"")
    with pytest.raises(ModelError, match="a model in parts"):
        check_saved_model(tmp_path)


def test_a_constant_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    """One stored value can stand for all of them."""
    folder = _saved(tmp_path / "model", lambda x: x + tf.reduce_sum(tf.fill((2, 2), 1.0)))
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel()
    message.ParseFromString((folder / "saved_model.pb").read_bytes())
    functions = [f for f in message.meta_graphs[0].graph_def.library.function if "traced" not in f.signature.name]
    nodes = [node for function in functions for node in function.node_def if node.op == "Const"]
    shape = nodes[0].attr["value"].tensor.tensor_shape
    shape.ClearField("dim")
    shape.dim.add(size=1 << 31)
    (folder / "saved_model.pb").write_bytes(message.SerializeToString())
    with pytest.raises(ModelError, match=r"has a constant of .* MiB; it was not loaded"):
        load(folder)
