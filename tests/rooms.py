"""The rules of the house as functions: what a file may import, and what may be named where.

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
COMMANDS = ("classify", "camera", "selftest", "doctor", "benchmark")

# What all of training may import of the device's side.
TRAIN = {"runtime.cli.parser", "runtime.errors", "runtime.image.files", "runtime.native", "runtime.preprocess"} | {
    "runtime.plugins",
    "runtime.tflite.card",
    "workbench",
}

# Rooms from the lowest to the highest. A room may import those named here, which all stand above it in this list.
# A prefix names a module and all that is in it; "runtime" alone is the package's own face (__version__, public names).
ALLOWED: dict[str, set[str]] = {
    "runtime.errors": set(),
    "runtime.native": set(),
    "runtime.results": set(),
    "runtime.plugins": {"runtime.errors"},
    "runtime.image": {"runtime.errors", "runtime.native"},
    "runtime.tflite": {"runtime.errors", "runtime.native"},
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
        "runtime.image.pixels",
        "runtime.preprocess",
        "runtime.results",
        "runtime.tflite",
    },
    "runtime.sources": {"runtime.plugins", "runtime.errors", "runtime.image", "runtime.native"},
    "runtime.stream": {"runtime.classifier", "runtime.errors", "runtime.results", "runtime.sources.base"},
    # The parser that every command and output declares its options with; the rest of cli is above them.
    "runtime.cli.parser": {"runtime", "runtime.errors", "runtime.native"},
    "runtime.outputs": {
        "runtime.plugins",
        "runtime",
        "runtime.cli.parser",
        "runtime.errors",
        "runtime.results",
        "runtime.stream.answer",
        "runtime.stream.health",
    },
    "runtime.board": {"runtime.errors"},
    "runtime.cli": {
        "runtime",
        "runtime.classifier",
        "runtime.errors",
        "runtime.native",
        "runtime.cli.parser",
        "runtime.outputs.registry",
        "runtime.sources.base",
        "runtime.sources.registry",
        "runtime.sources.transform",
        "runtime.tflite.card",
    },
    # The commands may import every room of runtime but one another.
    **{
        f"runtime.{command}": {
            "runtime",
            "runtime.board",
            "runtime.classifier",
            "runtime.cli",
            "runtime.errors",
            "runtime.image",
            "runtime.native",
            "runtime.outputs",
            "runtime.preprocess",
            "runtime.results",
            "runtime.sources",
            "runtime.stream",
            "runtime.tflite",
        }
        for command in COMMANDS
    },
    "runtime": {"runtime.classifier", "runtime.errors", "runtime.image.files", "runtime.native", "runtime.results"}
    | {"runtime.sources.base", "runtime.sources.registry", "runtime.tflite.card"},
    "workbench": {"runtime.cli.parser", "runtime.errors", "runtime.tflite.card"},
    "train.data": TRAIN,
    "train.synthetic": TRAIN | {"runtime.ink.find", "runtime.ink.framing", "train.data"},
    "train": TRAIN | {"train.data", "train.synthetic"},
    "convert": {"runtime", "workbench"},
    "deploy": {"runtime.cli.parser", "runtime.errors", "runtime.tflite.card"},
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

HEAVY = {"tensorflow", "keras", "sklearn", "matplotlib", "rich", "mlxtend", "jinja2", "scipy"}

# Words that one file alone may have, within runtime: the hardware and the process behind one door each.
ONE_DOOR = {
    "tflite_runtime": "runtime/tflite/interpreter.py",
    "ai_edge_litert": "runtime/tflite/interpreter.py",
    "VideoCapture": "runtime/sources/opencv.py",
    "dup2": "runtime/native.py",
}

# Identifiers that speak of digits belong where digits are: handwriting, what is drawn of it, the recipes and samples.
DIGIT_WORDS = ("digit", "mnist")
DIGIT_ROOMS = ("runtime/ink/", "train/synthetic/", "train/models/", "samples/", "benchmarks/")
DIGIT_FILES = {
    "runtime/sources/synthetic.py": "it draws the digits of fake://digits",
    "train/data/named.py": "it knows the data sets that have names, MNIST among them",
}
NO_DIGIT_WORDS = {"isdigit"}  # of Python itself
NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make"}  # public names of Python's own, underscored not to clash


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
    """The narrowest room of ALLOWED that a module is in; its first name where there is none."""
    found = [room for room in ALLOWED if module == room or module.startswith(f"{room}.")]
    return max(found, key=len, default=module.partition(".")[0])


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
    """Imports that ALLOWED and LATE do not have, relative ones, and heavy packages within runtime."""
    found = []
    for one in imports(sources):
        importer, top = module_of(one.path), one.module.partition(".")[0]
        room = room_of(importer)
        at = f"{one.path}:{one.line} imports {one.module}"
        if not top:
            found.append(f"{at}: imports are absolute")
        elif importer.startswith("runtime") and top in HEAVY and not _is_last_resort(one):
            found.append(f"{at}: runtime needs numpy, OpenCV and an interpreter, nothing heavier")
        elif top in PRODUCT and room_of(one.module) != room:
            allowed = ALLOWED.get(room, set()) | (LATE.get(room, set()) if one.late else set())
            if not any(_covers(prefix, one.module, room) for prefix in allowed):
                found.append(f"{at}: {room} may import {', '.join(sorted(allowed)) or 'nothing here'}")
    return found


def _is_last_resort(one: Import) -> bool:
    return one.path == "runtime/tflite/interpreter.py" and one.module.partition(".")[0] == "tensorflow"


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


def wrong_doors(sources: Sources) -> list[str]:
    """Files of runtime that name what another one alone may name."""
    found = []
    for path, text in sources.items():
        if path.startswith("runtime/"):
            names = {name for name, _ in identifiers(text)} | set(_modules(text))
            found += [
                f"{path} names {word}: only {door} may"
                for word, door in ONE_DOOR.items()
                if word in names and path != door
            ]
    return found


def _modules(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def identifiers(text: str) -> Iterator[tuple[str, int]]:
    """(name, line) of everything that a file names: variables, attributes, functions, classes, arguments."""
    for node in ast.walk(ast.parse(text)):
        name = getattr(node, "name", None) or getattr(node, "id", None) or getattr(node, "attr", None)
        name = name or (getattr(node, "arg", None))
        if isinstance(name, str):
            yield name, getattr(node, "lineno", 0)


def full_inits(sources: Sources) -> list[str]:
    """`__init__` files with more than a docstring: an import there would cost every start. runtime's has the face."""
    found = []
    for path, text in sources.items():
        if path.endswith("/__init__.py") and path != "runtime/__init__.py":
            body = ast.parse(text).body
            is_docstring = len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
            if body and not is_docstring:
                found.append(f"{path}: an __init__ is empty, but for a docstring")
    return found


def shared_privates(sources: Sources) -> list[str]:
    """Names with a leading underscore that are used outside the file that has them."""
    found = []
    for one in imports(sources):
        if one.name.startswith("_") and not one.name.startswith("__") and one.module.partition(".")[0] in PRODUCT:
            found.append(f"{one.path}:{one.line} imports {one.name} of {one.module}: it is private there")
    for path, text in sources.items():
        tree = ast.parse(text)
        own = {name for name, _ in _defined(tree)}
        foreign = set(_modules(text)) - set(PRODUCT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                is_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                is_foreign = isinstance(node.value, ast.Name) and node.value.id in foreign
                if not is_self and not is_foreign and node.attr not in own | NAMED_TUPLES:
                    found.append(f"{path}:{node.lineno} uses .{node.attr}: it is private where it is defined")
    return found


def _defined(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            yield (node.id if isinstance(node, ast.Name) else node.attr), node.lineno


def digits_elsewhere(sources: Sources) -> list[str]:
    """Identifiers with a digit's words outside the rooms that are about digits."""
    found = []
    for path, text in sources.items():
        if path.startswith(DIGIT_ROOMS) or path in DIGIT_FILES or not path.startswith(PRODUCT):
            continue
        for name, line in identifiers(text):
            if any(word in name.lower() for word in DIGIT_WORDS) and name not in NO_DIGIT_WORDS:
                found.append(f"{path}:{line} names {name}: digits belong to {', '.join(DIGIT_ROOMS)}")
    return found


def untested(sources: Sources, tests: set[str], excused: Mapping[str, str]) -> list[str]:
    """Modules without tests/<same path>/test_<name>.py, and excuses that are needed no more."""
    found = []
    for path in sources:
        file = PurePosixPath(path)
        if file.name == "__init__.py" or file.parts[0] in ("samples", "examples", "benchmarks"):
            continue
        name = "main" if file.name == "__main__.py" else file.stem
        home = str(PurePosixPath("tests", file.parent, f"test_{name}.py"))
        if home not in tests and path not in excused:
            found.append(f"{path} has no {home}")
        elif home in tests and path in excused:
            found.append(f"{path} has {home}: it needs no excuse")
    return found + [f"{path} is excused and not there" for path in excused if path not in sources]


def stdlib_alone(sources: Sources, prefix: str) -> list[str]:
    """Imports of files under `prefix` that Python itself does not bring."""
    return [
        f"{one.path}:{one.line} imports {one.module}: what installs a board is Python alone"
        for one in imports({path: text for path, text in sources.items() if path.startswith(prefix)})
        if one.module.partition(".")[0] not in sys.stdlib_module_names
    ]
