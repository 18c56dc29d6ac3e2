"""Rows that other packages bring, by their entry points (importlib.metadata).

Each seam of the project has a table of its own rows and a group of entry points. A seam asks here only for a name that
its table lacks: reading what is installed takes longer than all else in a start.
"""

from __future__ import annotations

from typing import Any

from runtime.errors import EdgeError


def plugin_names(group: str) -> list[str]:
    """List the names that installed packages bring.

    Args:
        group: The group of entry points, such as "edge_classifier.sources".

    Returns:
        The names, sorted.
    """
    return sorted(_entry_points(group))


def load_plugin(group: str, name: str, kind: type, error: type[EdgeError]) -> Any:
    """Load what an installed package brings under a name.

    Args:
        group: The group of entry points.
        name: One of `plugin_names`.
        kind: What the entry point must give: a class, or `object` for a callable.
        error: What to raise where it cannot be had.

    Returns:
        The object, an instance of `kind`.

    Raises:
        EdgeError: `error`; the package cannot be imported, or brings something else.
    """
    entry = _entry_points(group)[name]
    try:
        found = entry.load()
    except Exception as fault:  # importing a stranger's package may raise whatever it likes
        raise error(f"cannot load {name} from {entry.value} ({group}): {type(fault).__name__}: {fault}") from None
    if not isinstance(found, kind):
        raise error(
            f"expected a {kind.__name__} in {entry.value} (entry point {name} of {group}); "
            f"received {type(found).__name__}"
        )
    return found


def _entry_points(group: str) -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=group)}
