"""A model tried in a process of its own: what ends, hangs or fills that process never gets into this one.

What a file does not show before it runs (see runtime.tflite.verify) is found here: kernels that read past an array,
that divide by 0, that never end, that lay out a gigabyte. The child is a plain Python with limits on time and memory.
It loads the model, runs it on a few inputs, unloads it, and says on its standard output how far it came.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from runtime.errors import ModelError, ModelMismatch

if TYPE_CHECKING:
    from runtime.tflite.interpreter import Interpreter

# Seconds of computing, not of a clock: a busy machine refuses no sound model. MobileNet (4 MB) takes 0.05 s here for
# one run, and a Raspberry Pi Zero is 20 times slower.
SECONDS, SECONDS_PER_MIB = 4, 1
# What the process may take beside itself. The camera's service has 400 MB for everything, 70 of which are Python's.
MAX_BYTES, BYTES_PER_BYTE = 256 * 2**20, 3
STALL_S = 120  # of a clock, for a child that waits for something that never comes, or a machine that is stuck
PROGRAM = "import sys; sys.path[:] = sys.argv[2:]; from runtime.tflite.trial import main; main(sys.argv[1])"
STEPS = {"load": "it is loaded", "run": "it runs", "unload": "it is unloaded"}  # as the child says them


def try_out(model: bytes, input_shape: tuple[int, ...] | None = None) -> None:
    """Load, run and unload a model in a process of its own.

    Args:
        model: A bare .tflite flatbuffer that `verify.verify_model` has passed.
        input_shape: Shape that its input gets where the file leaves sides open.

    Raises:
        ModelError: The model ends the process, does not end, takes too much memory, or cannot be loaded or run.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> try_out(split_card(Path("runtime/models/digits.tflite").read_bytes())[0])
    """
    shape = ",".join(map(str, input_shape or ()))
    words = [sys.executable, "-c", PROGRAM, shape, *sys.path]
    # What is given back or not yet written is filled with a pattern (glibc): reading it shows here and not later.
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            words,
            input=model,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=STALL_S + 10 * seconds_for(model),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said, status = (error.stdout or b"").decode("utf-8", "replace"), -signal.SIGPROF
    except (OSError, MemoryError) as error:
        raise ModelError(f"cannot start the process in which a model is tried first: {error}") from None
    else:
        said, status = done.stdout.decode("utf-8", "replace"), done.returncode
    problem = explain(said.splitlines(), status, seconds_for(model))
    if problem:
        raise ModelError(problem)


def seconds_for(model: bytes) -> int:
    """The limit on the time of each step.

    Args:
        model: The model.

    Returns:
        Seconds of computing.
    """
    return SECONDS + SECONDS_PER_MIB * (len(model) // 2**20)


def explain(said: list[str], status: int, limit: int) -> str:
    """What a child's end says of the model.

    Args:
        said: Lines of its standard output.
        status: Its exit status; the negative number of a signal that ended it.
        limit: Seconds of computing that each step had.

    Returns:
        One line; "" where the model is sound.

    Example:
        >>> explain(["load", "run", "unload", "done"], 0, 4)
        ''
        >>> explain(["load"], -11, 4).partition(":")[0]
        'the model ends the interpreter (SIGSEGV) while it is loaded'
    """
    last = said[-1] if said else ""
    if last == "done" and status == 0:
        return ""
    if last.startswith("error "):
        return last.removeprefix("error ")
    step = next((STEPS[line] for line in reversed(said) if line in STEPS), "")
    if not step:
        return f"cannot try the model in a process of its own: it ends with status {status} at its start"
    if status in (-signal.SIGPROF, -signal.SIGXCPU):
        return f"the model does not end within {limit} s of computing while {step}; copy or convert it again"
    name = signal.Signals(-status).name if -status in signal.valid_signals() and status < 0 else f"status {status}"
    return (
        f"the model ends the interpreter ({name}) while {step}: it is damaged, or not made for this interpreter "
        "(it was tried in a process of its own). Copy or convert it again"
    )


def main(shape: str) -> None:
    """The child: read a model from standard input, try it, and say each step on standard output.

    Args:
        shape: Sides of the input, separated by commas; "" for those of the file.
    """
    from runtime.tflite.interpreter import find_interpreter

    model = sys.stdin.buffer.read()
    find_interpreter()  # before the limits, which are the model's
    limit_memory(MAX_BYTES + BYTES_PER_BYTE * len(model))
    _say(attempt(model, tuple(int(side) for side in shape.split(",") if side)))


def attempt(model: bytes, shape: tuple[int, ...] = ()) -> str:
    """Load, run and unload a model in this process, which it may end.

    Args:
        model: A bare .tflite flatbuffer.
        shape: Of its input; () for the file's.

    Returns:
        "done", or "error " and what an interpreter says of it.
    """
    from runtime.tflite.interpreter import Interpreter

    limit = seconds_for(model)
    try:
        _step("load", limit)
        interpreter = Interpreter.load(model, is_verified=True, input_shape=shape or None)
        interpreter.has_loops = False  # the limit here is on computing, and ends what a thread would leave
        _step("run", limit)
        _run(interpreter)
        _step("unload", limit)
        del interpreter
    except ModelMismatch:
        pass  # a sound model of another kind: who asked for the trial says so in its own words
    except ModelError as error:
        return f"error {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "done"


def _step(name: str, limit: int) -> None:
    """Say a step, and give it its time: the signal's default action ends the process, in the middle of C++ too."""
    _say(name)
    signal.setitimer(signal.ITIMER_PROF, limit)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _run(interpreter: Interpreter) -> None:
    """Run a model on a black, a white and a noisy input: a loop may end for one of them alone."""
    import numpy as np

    info = interpreter.input
    integer = np.issubdtype(info.dtype, np.integer)
    low, high = (np.iinfo(info.dtype).min, np.iinfo(info.dtype).max) if integer else (0, 255)
    noise = np.random.default_rng(0).integers(max(low, -(2**31)), min(high, 2**31 - 1), info.shape)
    for values in (np.zeros(info.shape), np.full(info.shape, high), noise):
        interpreter.run(values.astype(info.dtype))


def limit_memory(more: int) -> None:
    """Limit this process to what it has and `more`, and keep it from writing a core file.

    Args:
        more: Bytes.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # pathlib would be imported for this
            now = int(file.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = now + more if hard == resource.RLIM_INFINITY else min(now + more, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (OSError, ValueError):  # a system without either: its time is limited still
        return
