"""Models that are damaged by machine: none may end, hang or fill the process that loads it.

Command: python -m tests.fuzz.models --count 25000 --seed 1
"""

from __future__ import annotations

import copy
import faulthandler
import itertools
import os
import random
import resource
import signal
import struct
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from runtime.cli.parser import Parser, int_at_least, print_note, run
from runtime.errors import ModelError
from runtime.tflite.interpreter import Interpreter, find_interpreter
from runtime.tflite.operators import builtin_operators
from runtime.tflite.trial import MAX_BYTES, attempt, explain, limit_memory, seconds_for
from runtime.tflite.verify import verify_model
from tests.runtime.tflite.flatbuffers import Scalar, Vector, adder, endless_loop, flatbuffer, ints, tiny

MAX_GROWTH = MAX_BYTES + 64 * 2**20  # bytes, of a process that loads a model, beside Python and the interpreter
LONGEST_S = 12  # of computing, for all of one model, the trial included: it gives each of three steps 4 s
STUCK_S = 300  # of a clock
NUMBERS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 63, 64, 100, 127, 128, 255, 1000, 65535, 2**16, 2**24, 2**31 - 1)
FRACTIONS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e-45, 1e10, 1e30, float("inf"), float("-inf"), float("nan"))


def mutations(seed: int) -> Iterator[bytes]:
    """Damaged models without end; the same for the same seed."""
    rng = random.Random(seed)
    tables: list[Callable[[], dict[int, Any]]] = [tiny, adder]
    whole = [flatbuffer(tiny()), flatbuffer(adder()), endless_loop()]
    while True:
        if rng.random() < 0.5:
            table = copy.deepcopy(rng.choice(tables)())
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                rng.choice((_edit_leaf, _edit_leaf, _edit_operator, _edit_tensor, _drop_field))(table, rng)
            try:
                yield flatbuffer(table)
            except struct.error:  # a number that its type does not have
                continue
        else:
            # Loops seldom: one that goes on without an end takes the trial's 4 s.
            yield _damaged(whole[2] if rng.random() < 0.01 else rng.choice(whole[:2]), rng)


def arities() -> Iterator[bytes]:
    """Each builtin operator in ADD's place, with 0 to 4 inputs, and 0 to 2 outputs."""
    for code in range(len(builtin_operators())):
        for inputs in range(5):
            for outputs in (1, 0, 2):
                table = tiny()
                table[1][1] = {0: Scalar("b", min(code, 127)), 2: Scalar("i", 1), 3: Scalar("i", code)}
                table[2][0][3][1] = {0: Scalar("I", 1), 1: ints(*(3,) * inputs), 2: ints(*(4, 5)[:outputs])}
                yield flatbuffer(table)


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    """(the table or list that has it, its key) of every number or vector below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in items:
        if isinstance(child, (Scalar, Vector)):
            found.append((value, key))
        elif isinstance(child, (dict, list)):
            found += _leaves(child)
    return found


def _edit_leaf(table: dict[int, Any], rng: random.Random) -> None:
    owner, key = rng.choice(_leaves(table))
    leaf = owner[key]
    if isinstance(leaf, Scalar):
        owner[key] = Scalar(leaf.code, rng.choice(FRACTIONS if leaf.code == "f" else _whole(rng)))
        return
    values = list(leaf.values)
    if values and rng.random() < 0.7:
        values[rng.randrange(len(values))] = rng.choice(FRACTIONS if leaf.code == "f" else _whole(rng))
    else:
        values = values[: rng.randrange(len(values) + 1)] + values * rng.randrange(3)
    owner[key] = Vector(leaf.code, tuple(values))


def _whole(rng: random.Random) -> tuple[int, ...]:
    number = rng.choice(NUMBERS)
    return (number, -number - 1, number)


def _edit_operator(table: dict[int, Any], rng: random.Random) -> None:
    graph = table[2][0]
    tensors = len(graph[0])
    code = rng.randrange(len(builtin_operators()))
    operator = rng.choice(graph[3]) if graph[3] else {}
    index = rng.randrange(len(table[1]))
    table[1][index] = {0: Scalar("b", min(code, 127)), 2: Scalar("i", rng.choice((1, 2, 9))), 3: Scalar("i", code)}
    operator[0] = Scalar("I", index)
    if rng.random() < 0.5:
        operator[1] = ints(*(rng.randrange(-1, tensors) for _ in range(rng.randrange(6))))
    if rng.random() < 0.5:  # as many as the operator reads, of what is there
        fewest, most = builtin_operators()[code].inputs
        operator[1] = ints(*(rng.randrange(tensors) for _ in range(min(fewest + rng.randrange(2), most))))


def _edit_tensor(table: dict[int, Any], rng: random.Random) -> None:
    tensor = rng.choice(table[2][0][0])
    kind = rng.randrange(4)
    if kind == 0:
        tensor[0] = ints(*(rng.choice((0, 1, 2, 4, 32, 100, 5000)) for _ in range(rng.randrange(6))))
    elif kind == 1:
        tensor[1] = Scalar("b", rng.randrange(24))
    elif kind == 2:
        tensor[2] = Scalar("I", rng.randrange(len(table[4]) + 1))
    else:
        count = rng.choice((0, 1, 1, 2, 3))
        scales = Vector("f", tuple(rng.choice(FRACTIONS) for _ in range(count)))
        tensor[4] = {2: scales, 3: Vector("q", (0,) * count), 6: Scalar("i", rng.randrange(-1, 4))}


def _drop_field(table: dict[int, Any], rng: random.Random) -> None:
    owner, key = rng.choice(_leaves(table))
    if isinstance(owner, dict):
        del owner[key]


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, numbers overwritten, pieces cut out or doubled."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        place = rng.randrange(8, len(out) - 8)
        kind = rng.randrange(5)
        if kind <= 1:
            out[place] ^= 1 << rng.randrange(8)
        elif kind == 2:
            struct.pack_into("<i", out, place // 4 * 4, rng.choice(_whole(rng)[:2]))
        elif kind == 3:
            struct.pack_into("<H", out, place // 2 * 2, rng.choice(NUMBERS) & 0xFFFF)
        else:
            other, size = rng.randrange(8, len(out) - 8), rng.choice((4, 8, 32))
            out[place : place + size] = out[other : other + size]
    return bytes(out[: rng.randrange(16, len(out))] if rng.random() < 0.05 else out)


def check(data: bytes) -> str:
    """Load and run a model as the commands do, in a child that stands for them.

    Returns "refused", or "runs". Raises AssertionError where the child ends by a signal, by an error that is no
    EdgeError, too late or too large.
    """
    before = _resident()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _end(_as_a_command, data, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    name = signal.Signals(-code).name if code < 0 else f"status {code}"
    assert code == 0, f"the process ended with {name}: {said}"
    seconds = usage.ru_utime + usage.ru_stime  # its trial's too
    assert seconds < LONGEST_S, f"it took {seconds:.0f} s"
    growth = usage.ru_maxrss * 1024 - before
    assert growth < MAX_GROWTH, f"it took {growth >> 20} MiB"
    assert len(said) <= 300, f"it said {said}"
    return "refused" if said else "runs"


def _as_a_command(data: bytes, writer: int) -> int:
    signal.alarm(STUCK_S)  # its default action ends the process, which `check` sees
    try:
        verify_model(data)
        status, lines = _trial(data)
        problem = explain(lines, status, seconds_for(data))
        if problem:
            raise ModelError(problem)
        interpreter = Interpreter.load(data, is_verified=True)
        info = interpreter.input
        for level in (0, 77, 127):
            interpreter.run(np.full(info.shape, level).astype(info.dtype))
    except ModelError as error:
        os.write(writer, f"{error}"[:1000].encode("utf-8", "replace"))
    return 0


def _trial(data: bytes) -> tuple[int, list[str]]:
    """What runtime.tflite.trial does in a new Python, in a fork of this one: it costs 5 ms in place of 150."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _end(_tried, data, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.splitlines()


def _tried(data: bytes, writer: int) -> int:
    os.dup2(writer, 1)
    limit_memory(MAX_BYTES)
    os.write(1, attempt(data).encode() + b"\n")
    return 0


def _end(body: Callable[[bytes, int], int], data: bytes, writer: int) -> None:
    """Run the body of a forked child, and end it without what the parent would do at its end."""
    faulthandler.disable()  # pytest's: `check` tells what ended the child
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 2)
    try:
        code = body(data, writer)
    except BaseException:  # handed over as text
        os.write(writer, traceback.format_exc().encode()[-2000:])
        code = 70
    os._exit(code)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def main() -> int:
    """Try many, and keep those that break something."""
    parser = Parser(
        "python -m tests.fuzz.models", "Load damaged models.", "  python -m tests.fuzz.models --count 25000"
    )
    parser.add_argument("--count", type=int_at_least(1), default=2500, metavar="N", help="models (2500)")
    parser.add_argument("--seed", type=int_at_least(0), default=0, metavar="N", help="of the damage (0)")
    parser.add_argument("--arities", action="store_true", help="each operator in ADD's place, and no others")
    parser.add_argument("--keep", metavar="FOLDER", help="where models that break something are put")
    options = parser.parse()
    print_note(find_interpreter()[1])
    source = arities() if options.arities else itertools.islice(mutations(options.seed), options.count)
    counts: Counter[str] = Counter()
    for number, data in enumerate(source):
        try:
            counts[check(data)] += 1
        except AssertionError as error:
            counts["broken"] += 1
            print_note(f"{number}: {' '.join(str(error).split())[-300:]}")
            if options.keep:
                Path(options.keep).mkdir(parents=True, exist_ok=True)
                Path(options.keep, f"{options.seed}-{number}.tflite").write_bytes(data)
    print_note(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    run(main)
