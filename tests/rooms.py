"""The rules of the house as functions: what a file may import. tests/naming.py has those on names.

Each takes sources, a mapping of paths relative to the project ("runtime/image/files.py") to their text, and returns
one line for each violation: the file, what it does, and the rule. tests/test_rooms.py runs them over the project, and
over small broken samples that each must catch.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

Sources = Mapping[str, str]

PRODUCT = ("runtime", "workbench", "train", "convert", "deploy", "benchmarks", "samples", "examples")
COMMANDS = ("classify", "camera", "selftest", "doctor", "benchmark", "adopt")

# What all of training may import of the device's side.
TRAIN = {"runtime.cli.parser", "runtime.errors", "runtime.image.files", "runtime.native", "runtime.preprocess"} | {
    "runtime.plugins",
    "runtime.tflite.card",
    "runtime.tflite.card_file",
    "runtime.tflite.card_reader",
    "workbench",
}

# Rooms from the lowest to the highest. A room may import those named here, which all stand above it in this list.
# A prefix names a module and all that is in it; "runtime" alone is the package's own face (__version__, public names).
ALLOWED: dict[str, set[str]] = {
    "runtime.errors": set(),
    "runtime.interrupts": set(),
    "runtime.native": set(),
    "runtime.results": set(),
    "runtime.passwords": {"runtime.errors"},
    "runtime.text": set(),
    "runtime.redaction": {"runtime.text"},
    "runtime.plugins": {"runtime.errors"},
    "runtime.image": {"runtime.errors", "runtime.native"},
    "runtime.tflite": {"runtime.errors", "runtime.native"},
    # Models of others: what a file without a card says of itself.
    "runtime.foreign": {"runtime.errors", "runtime.native", "runtime.tflite"},
    "runtime.framing": {"runtime.image.pixels", "runtime.results", "runtime.tflite.card"},
    "runtime.ink": {"runtime.framing.base", "runtime.image.pixels", "runtime.results", "runtime.tflite.card"},
    # It knows the framings it loads by their names alone.
    "runtime.preprocess": {
        "runtime.plugins",
        "runtime.errors",
        "runtime.framing.base",
        "runtime.image.pixels",
        "runtime.tflite.card",
    },
    "runtime.classifier": {
        "runtime.errors",
        "runtime.foreign",
        "runtime.image.pixels",
        "runtime.native",
        "runtime.preprocess",
        "runtime.results",
        "runtime.tflite",
    },
    "runtime.proof": {
        "runtime.classifier",
        "runtime.errors",
        "runtime.image.files",
        "runtime.results",
        "runtime.tflite",
    },
    # A card for a model of others: what labeled pictures decide and prove.
    "runtime.adoption": {
        "runtime.errors",
        "runtime.foreign",
        "runtime.image",
        "runtime.preprocess",
        "runtime.tflite",
    },
    "runtime.sources": {"runtime.plugins", "runtime.errors", "runtime.image", "runtime.native", "runtime.redaction"},
    "runtime.stream": {"runtime.classifier", "runtime.errors", "runtime.results", "runtime.sources.base"},
    # The parser that every command and output declares its options with; the rest of cli is above them.
    "runtime.cli.printing": {"runtime.native", "runtime.redaction", "runtime.text"},
    "runtime.cli.parser": {"runtime", "runtime.errors", "runtime.interrupts", "runtime.native", "runtime.cli.printing"},
    "runtime.outputs": {
        "runtime.plugins",
        "runtime",
        "runtime.cli.parser",
        "runtime.cli.printing",
        "runtime.errors",
        "runtime.image.files",
        "runtime.native",
        "runtime.passwords",
        "runtime.redaction",
        "runtime.results",
        "runtime.text",
        "runtime.stream.answer",
        "runtime.stream.health",
    },
    "runtime.board": {"runtime.errors"},
    "runtime.cli": {
        "runtime",
        "runtime.interrupts",
        "runtime.classifier",
        "runtime.errors",
        "runtime.foreign",
        "runtime.native",
        "runtime.passwords",
        "runtime.cli.parser",
        "runtime.cli.printing",
        "runtime.outputs.registry",
        "runtime.sources.base",
        "runtime.sources.registry",
        "runtime.sources.transform",
        "runtime.tflite.labels",
    },
    # The commands may import every room of runtime but one another.
    **{
        f"runtime.{command}": {
            "runtime",
            "runtime.adoption",
            "runtime.board",
            "runtime.classifier",
            "runtime.cli",
            "runtime.errors",
            "runtime.foreign",
            "runtime.image",
            "runtime.native",
            "runtime.outputs",
            "runtime.preprocess",
            "runtime.proof",
            "runtime.redaction",
            "runtime.results",
            "runtime.sources",
            "runtime.stream",
            "runtime.text",
            "runtime.tflite",
        }
        for command in COMMANDS
    },
    "runtime": {"runtime.classifier", "runtime.errors", "runtime.image.files", "runtime.native", "runtime.results"}
    | {"runtime.interrupts"}
    | {"runtime.sources.base", "runtime.sources.registry", "runtime.tflite.card"},
    "workbench": {"runtime.cli.parser", "runtime.errors", "runtime.tflite.card", "runtime.tflite.card_versions"},
    "train.data": TRAIN,
    "train.synthetic": TRAIN | {"runtime.ink.find", "runtime.ink.framing", "train.data"},
    "train": TRAIN | {"train.data", "train.synthetic"},
    "convert": {"runtime", "workbench"},
    "deploy": {"runtime.cli.parser", "runtime.errors", "runtime.tflite.card_file"},
    "samples": {"runtime", "workbench"},
    "examples": {"runtime"},
    "benchmarks": {"runtime", "workbench", "train", "convert", "samples"},
}
# Allowed within a function only: what is seldom needed, and costs a start too much.
LATE: dict[str, set[str]] = {
    "runtime.board": {"runtime.sources.v4l2", "runtime.tflite.interpreter"},
}
# Rooms whose face, all of it, a prefix may stand for.
WHOLE = {"convert", "samples", "examples", "benchmarks"}

# What the tests that bar imports bar.
HEAVY = {"tensorflow", "keras", "sklearn", "matplotlib", "rich", "mlxtend", "jinja2", "scipy"}

# The packages of others that runtime may import: these two anywhere, an optional one in one file and within a function.
# The interpreters are not here: runtime/tflite/interpreter.py imports them by their names.
DEVICE = {"numpy", "cv2"}
OPTIONAL = {
    "picamera2": "runtime/sources/csi.py",
    "shtab": "runtime/cli/completion.py",
}
# Rooms that work without TensorFlow, however late it would be imported. train and convert are those that need it.
NO_TENSORFLOW = {"workbench", "deploy", "samples", "examples"}
OF_PYTHON = sys.stdlib_module_names | {"_sha2", "_sha256"}  # hashlib's parts, of which each version has one


@dataclass(frozen=True)
class Import:
    """One imported name. module: the file's module it comes from. late: within a function."""

    path: str
    line: int
    module: str
    name: str
    late: bool


def module_of(path: str) -> str:
    """The dotted name of the module at `path`."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The narrowest room of ALLOWED that a module is in; where there is none, the one that it would need."""
    found = [room for room in ALLOWED if module == room or (module.startswith(f"{room}.") and room != "runtime")]
    return max(found, key=len, default=".".join(module.split(".")[:2]))


def imports(sources: Sources) -> Iterator[Import]:
    """Every import of a module of the project, in functions and under TYPE_CHECKING too."""
    modules = {module_of(path) for path in sources}
    for path, text in sources.items():
        tree = ast.parse(text)
        late = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(path, node.lineno, alias.name, "", id(node) in late)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module = f"{'.' * node.level}{node.module or ''}"
                    inner = f"{module}.{alias.name}"
                    if inner in modules:
                        yield Import(path, node.lineno, inner, "", id(node) in late)
                    else:
                        yield Import(path, node.lineno, module, alias.name, id(node) in late)


def _covers(prefix: str, module: str, room: str) -> bool:
    if module == prefix:
        return True
    # "runtime" is the face of the package, and not its rooms, for all but those that stand beside it.
    return module.startswith(f"{prefix}.") and (prefix != "runtime" or room in WHOLE)


def forbidden_imports(sources: Sources) -> list[str]:
    """Imports that ALLOWED and LATE do not have, relative ones, and packages of others within runtime."""
    found = []
    for one in imports(sources):
        importer, top = module_of(one.path), one.module.partition(".")[0]
        room = room_of(importer)
        at = f"{one.path}:{one.line} imports {one.module}"
        if not top:
            found.append(f"{at}: imports are absolute")
        elif top == "tests":
            found.append(f"{at}: nothing imports the tests")
        elif top in ("tensorflow", "keras") and room in NO_TENSORFLOW:
            found.append(f"{at}: {room} works without TensorFlow")
        elif top not in PRODUCT and importer.startswith("runtime") and not _is_of_the_device(one, top):
            found.append(f"{at}: runtime needs numpy, OpenCV and an interpreter, and nothing else")
        elif top in PRODUCT and room_of(one.module) != room:
            allowed = ALLOWED.get(room, set()) | (LATE.get(room, set()) if one.late else set())
            if not any(_covers(prefix, one.module, room) for prefix in allowed):
                found.append(f"{at}: {room} may import {', '.join(sorted(allowed)) or 'nothing here'}")
    return found


def _is_of_the_device(one: Import, top: str) -> bool:
    return top in OF_PYTHON | DEVICE or (one.late and OPTIONAL.get(top) == one.path)


def command_imports(sources: Sources) -> list[str]:
    """Commands that import a command: runtime's by their names, the others by their __main__."""
    commands = {f"runtime.{name}" for name in COMMANDS}
    return [
        f"{one.path}:{one.line} imports {one.module}: nothing imports a command"
        for one in imports(sources)
        if one.module != module_of(one.path)
        and (one.module in commands or one.module.endswith(".__main__"))
        and not one.path.startswith("benchmarks/")
    ]


def arrows_up() -> list[str]:
    """Rooms of ALLOWED that may import one that stands below them in the list, or beside it."""
    order = list(ALLOWED)
    found = []
    for room in order:
        for prefix in ALLOWED[room] | LATE.get(room, set()):
            target = room_of(prefix)
            if prefix == "runtime":  # the package's face, which imports nothing until a name is asked for
                continue
            if order.index(target) >= order.index(room):
                found.append(f"{room} may import {prefix}, which is not below it")
    return found


def circles(sources: Sources) -> list[str]:
    """Files that import one another round in a circle, late imports included (Tarjan 1972)."""
    modules = {module_of(path) for path in sources}
    arrows: dict[str, set[str]] = {module: set() for module in modules}
    for one in imports(sources):
        if one.module in modules and one.module != module_of(one.path):
            arrows[module_of(one.path)].add(one.module)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in sorted(arrows[module]):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            circle = [stack.pop()]
            while circle[-1] != module:
                circle.append(stack.pop())
            if len(circle) > 1:
                found.append("a circle: " + " -> ".join(sorted(circle)))

    for module in sorted(modules):
        if module not in index:
            visit(module)
    return found


def stdlib_alone(sources: Sources, prefix: str) -> list[str]:
    """Imports of files under `prefix` that Python itself does not bring."""
    return [
        f"{one.path}:{one.line} imports {one.module}: what installs a board is Python alone"
        for one in imports({path: text for path, text in sources.items() if path.startswith(prefix)})
        if one.module.partition(".")[0] not in sys.stdlib_module_names
    ]
