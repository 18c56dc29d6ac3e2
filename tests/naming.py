"""The rules of the house on names: what may be named, caught or defined where. See tests/rooms.py.

Each takes sources, a mapping of paths to their text, and returns one line for each violation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tests.rooms import PRODUCT, Sources, imports

# Words that one file alone may have, as names and in strings, within runtime: the hardware and the process behind one
# door each.
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

# Files that catch EdgeError, and why. Everywhere else it passes through, up to the command that prints it.
CATCHES = {
    "runtime/cli/parser.py": "run() prints it, for every command",
    "runtime/benchmark.py": "a command: one model that fails does not stop the comparison of the others",
    "benchmarks/foreign_models.py": "a command: a refusal is compared with the manifest's",
    "runtime/doctor.py": "a command: what fails is a line of its report",
    "runtime/proof.py": "a check: a golden picture that fails is a line of the self-test's report",
    "runtime/board/packages.py": "a check of the doctor's: what fails is a line of its report",
    "convert/__main__.py": "a command: it adds that no file was left",
    "convert/load.py": "of the child: it passes, and whatever else Keras raises becomes one",
    "convert/worker.py": "the child process that converts: the parent gets it as a reply",
    "examples/button.py": "a program of its own",
}


def wrong_doors(sources: Sources) -> list[str]:
    """Files of runtime that name what another one alone may name."""
    found = []
    for path, text in sources.items():
        if path.startswith("runtime/"):
            names = {name for name, _ in identifiers(text)} | set(_modules(text)) | set(_words_in_strings(text))
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


def _words_in_strings(text: str) -> Iterator[str]:
    """Words of the strings of a file, such as a module's name for import_module; docstrings aside."""
    tree = ast.parse(text)
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
            yield from re.findall(r"\w+", node.value)


def identifiers(text: str) -> Iterator[tuple[str, int]]:
    """(name, line) of everything that a file names: variables, attributes, functions, classes, arguments."""
    for node in ast.walk(ast.parse(text)):
        name = getattr(node, "name", None) or getattr(node, "id", None) or getattr(node, "attr", None)
        for found in (name or getattr(node, "arg", None), getattr(node, "asname", None)):
            if isinstance(found, str):
                yield found, getattr(node, "lineno", 0)


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
    """Names with a leading underscore that are used outside the file that has them.

    A test may use those of the module that it tests: tests/runtime/test_native.py, those of runtime/native.py.
    """
    found = []
    for one in imports(sources):
        is_ours = one.module.partition(".")[0] in (*PRODUCT, "tests")
        is_tested = _tested_by(one.path) == f"{one.module.replace('.', '/')}.py"
        if _is_private(one.name) and is_ours and not is_tested:
            found.append(f"{one.path}:{one.line} imports {one.name} of {one.module}: it is private there")
    for path, text in sources.items():
        tree = ast.parse(text)
        own = {name for name, _ in _defined(tree)}
        own |= {name for name, _ in _defined(ast.parse(sources.get(_tested_by(path), "")))}
        foreign = set(_modules(text)) - set(PRODUCT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr):
                is_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                is_foreign = isinstance(node.value, ast.Name) and node.value.id in foreign
                if not is_self and not is_foreign and node.attr not in own | NAMED_TUPLES:
                    found.append(f"{path}:{node.lineno} uses .{node.attr}: it is private where it is defined")
    return found


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _tested_by(path: str) -> str:
    """The module that a test file tests; "" for any other file."""
    file = PurePosixPath(path)
    if file.parts[0] != "tests" or not file.name.startswith("test_"):
        return ""
    name = file.name.removeprefix("test_")
    return str(PurePosixPath(*file.parts[1:-1], "__main__.py" if name == "main.py" else name))


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


def wrong_catches(sources: Sources) -> list[str]:
    """Files that catch EdgeError and are not in CATCHES, and those in CATCHES that do not."""
    lines = {
        path: node.lineno
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if "EdgeError" in {name for name, _ in identifiers(ast.unparse(node.type))}
    }
    found = [
        f"{path}:{line} catches EdgeError: commands do, once, in runtime.cli.parser.run"
        for path, line in lines.items()
        if path not in CATCHES
    ]
    return found + [f"{path} is in CATCHES, and catches nothing" for path in CATCHES if path in sources.keys() - lines]


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
