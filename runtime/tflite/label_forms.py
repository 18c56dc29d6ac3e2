"""The forms in which other tools write the labels of a model, in one text each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NUMBERED = re.compile(r"\s*(\d{1,9})(?:\s*[:,;=\t]|[.)]\s|\s)\s*(.*)")
_NUMBER_LAST = re.compile(r"(.*\S)\s*[,;\t]\s*(\d{1,9})\s*")
_HEADER = re.compile(r"\W*(?:class_?)?(?:id|index|idx|no|number|class|label|name)\W.*", re.IGNORECASE)
_NAMES_KEY = re.compile(r"^(?:names|labels|classes)[ \t]*:[ \t]*(.*)$", re.MULTILINE)


def parse_labels(text: str) -> tuple[str, ...]:
    r"""Read the text of a labels file.

    One label a line; lines with numbers (`0 cat`, `0:cat`, `0,cat`, a tab), which may stand in any order; a list or an
    object of JSON; TensorFlow's label map (pbtxt); `names:` of a YAML file.

    Args:
        text: Text of the file. Empty lines after the last label are ignored.

    Returns:
        The labels by index.

    Raises:
        ValueError: There is no label, a line is empty, or a number is left out or there twice; the message says which.

    Example:
        >>> parse_labels("1 big dog\n0 cat\n")
        ('cat', 'big dog')
        >>> parse_labels('{"0": "cat", "1": "dog"}')
        ('cat', 'dog')
    """
    text = text.lstrip("\ufeff")
    bare = text.strip()
    if bare[:1] in ("[", "{"):
        return _of_value(_evaluated(bare))
    if re.match(r"item\s*:?\s*\{", bare):
        return _of_label_map(bare)
    names = _NAMES_KEY.search(text)
    if names and not _is_one_line_each(text, names.start()):
        return _of_yaml(text[names.end() :], names[1])
    lines = re.split(r"\r\n|\n|\r", text.rstrip())
    if all(re.match(r"\s*- \S", line) for line in lines):
        return tuple(_unquoted(line.strip()[2:]) for line in lines)
    return _of_lines(lines)


def _is_one_line_each(text: str, start: int) -> bool:
    """Whether what looks like a YAML key is a label as all the others are: nothing follows that is indented."""
    after = text[start:].split("\n", 2)
    follows = after[1] if len(after) > 1 else ""
    return after[0].rstrip().endswith(":") and not re.match(r"\s+\S|-\s", follows)


def _evaluated(text: str) -> object:
    """A value of JSON; else one of Python, as `str` writes dicts."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise ValueError("it begins as JSON does and is none; is it cut short?") from None


def _of_value(value: object) -> tuple[str, ...]:
    """Labels of a list, of a mapping from numbers, or of one to numbers."""
    if isinstance(value, Mapping):
        for key in ("names", "labels", "classes", "class_names"):
            if isinstance(value.get(key), (list, Mapping)):
                return _of_value(value[key])
        if value and all(type(index) is int for index in value.values()):  # Keras's class_indices
            return _by_number([(index, str(name)) for name, index in value.items()])
        return _by_number([(_number(key), _name(name)) for key, name in value.items()])
    if not isinstance(value, list):
        raise ValueError("expected a list of labels or an object of numbers and labels")
    numbers = [item.get("id", item.get("index")) if isinstance(item, Mapping) else None for item in value]
    if value and all(type(number) is int for number in numbers):
        first = min(numbers)  # type: ignore[type-var]
        return _by_number([(n - min(first, 1), _name(x)) for n, x in zip(numbers, value, strict=True)])  # type: ignore
    return _checked([_name(item) for item in value])


def _number(key: object) -> int:
    text = str(key).strip()
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(f"expected numbers of classes before the labels; received {text[:40]!r}")
    return int(text)


def _name(item: object) -> str:
    if isinstance(item, Mapping):
        item = next((item[key] for key in ("display_name", "name", "label", "class") if key in item), None)
    if isinstance(item, list) and item:  # Keras's imagenet_class_index.json: ["n01440764", "tench"]
        item = item[-1]
    if not isinstance(item, (str, int, float)) or isinstance(item, bool):
        raise ValueError(f"expected a text for each label; received {str(item)[:40]!r}")
    return str(item)


def _of_label_map(text: str) -> tuple[str, ...]:
    """Labels of TensorFlow's label map; its numbers begin at 1, 0 being left to the background."""
    pairs = []
    for item in re.findall(r"\{([^{}]*)\}", text):
        fields = dict(re.findall(r"(\w+)\s*:\s*(\"[^\"\n]*\"|'[^'\n]*'|[^\s,]+)", item))
        name = fields.get("display_name", fields.get("name"))
        if "id" not in fields or name is None:
            raise ValueError("an item of the label map has no id or no name")
        pairs.append((_number(fields["id"]), _unquoted(name)))
    start = 1 if pairs and min(number for number, _ in pairs) == 1 else 0
    return _by_number([(number - start, name) for number, name in pairs])


def _of_yaml(after: str, same_line: str) -> tuple[str, ...]:
    """Labels of a YAML list or mapping: what stands after its key."""
    if same_line.lstrip()[:1] in ("[", "{"):
        flow = same_line.lstrip() + after
        end = flow.find("]" if flow[0] == "[" else "}")
        items = re.findall(r"(?:\s*(?:\"[^\"]*\"|'[^']*'|[^,\"'])+)", flow[1 : end if end > 0 else None])
        if flow[0] == "[":
            return _checked([_unquoted(item) for item in items if item.strip()])
        pairs = [item.partition(":") for item in items if item.strip()]
        return _by_number([(_number(_unquoted(key)), _unquoted(name)) for key, _, name in pairs])
    items = []
    for line in after.splitlines():
        line = re.sub(r"\s+#.*", "", line)
        if re.match(r"\S", line) and not line.startswith("-"):
            break  # the next key
        if line.strip() and not line.lstrip().startswith("#"):
            items.append(line.strip())
    if all(item.startswith("- ") for item in items):
        return _checked([_unquoted(item[2:]) for item in items])
    pairs = [item.partition(":") for item in items]
    return _by_number([(_number(_unquoted(key)), _unquoted(name)) for key, _, name in pairs])


def _of_lines(lines: list[str]) -> tuple[str, ...]:
    """Labels one a line, by their numbers where every line has one."""
    filled = [line for line in lines if line.strip()]
    if len(filled) > 2 and _HEADER.fullmatch(filled[0]) and all(_NUMBERED.fullmatch(line) for line in filled[1:]):
        filled = filled[1:]  # a CSV's header
    found = [_NUMBERED.fullmatch(line) for line in filled]
    if filled and all(found):
        pairs = [(int(one[1]), _unquoted(one[2])) for one in found if one]
        # "0 degrees", "90 degrees": where nearly nothing but numbers tells the labels apart, they are part of them.
        if len(filled) == 1 or 2 * len({name for _, name in pairs}) > len(pairs):
            return _by_number(pairs)
    elif sum(one is not None and int(one[1]) == i for i, one in enumerate(found)) > len(filled) / 2:
        bare = next(line for line, one in zip(filled, found, strict=True) if one is None)
        raise ValueError(f"most lines begin with the number of their class; {bare.strip()[:40]!r} has none")
    turned = [_NUMBER_LAST.fullmatch(line) for line in filled]
    if len(filled) > 1 and sorted(int(one[2]) for one in turned if one) == list(range(len(filled))):
        return _by_number([(int(one[2]), _unquoted(one[1])) for one in turned if one])
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            raise ValueError(
                f"line {number} is empty, and the labels after it would move to another class; name it or take it out"
                if filled
                else "expected one label a line; the file is empty"
            )
    return tuple(line.strip() for line in lines)


def _by_number(pairs: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """Labels ordered by their numbers, which must be 0 to the last without a gap."""
    names: dict[int, str] = {}
    for number, name in pairs:
        if number in names:
            raise ValueError(f"class {number} is there twice, as {names[number][:40]!r} and {name[:40]!r}")
        names[number] = name
    missing = next((number for number in range(len(names)) if number not in names), None)
    if missing is not None:
        raise ValueError(
            f"the numbers are {min(names)} to {max(names)} and {missing} is left out; number the classes from 0 "
            "without a gap, or write one label a line without numbers"
        )
    return _checked([names[number] for number in range(len(names))])


def _checked(labels: Sequence[str]) -> tuple[str, ...]:
    if not labels:
        raise ValueError("expected labels; there are none")
    for index, label in enumerate(labels):
        if not label.strip():
            raise ValueError(f"the label of class {index} is empty; name it")
    return tuple(label.strip() for label in labels)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
