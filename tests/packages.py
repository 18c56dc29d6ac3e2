"""Packages of other people, for the tests of the seams: one module and its entry points, as pip would leave them."""

from __future__ import annotations

from pathlib import Path


def install(folder: Path, module: str, code: str, group: str, *points: str) -> Path:
    """Put a package into `folder`, which then goes onto sys.path or into PYTHONPATH.

    Args:
        folder: Where to; it is made where it is missing.
        module: The package's one module.
        code: Its text.
        group: The group of its entry points.
        points: Entry points, "name = module:object".

    Returns:
        `folder`.
    """
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("\n".join([f"[{group}]", *points, ""]))
    (folder / f"{module}.py").write_text(code)
    return folder
