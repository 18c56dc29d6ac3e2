"""A griffe extension for the API pages: docstrings say `Example:`, for which griffe's Google parser has `Examples:`."""

from __future__ import annotations

import re
from typing import Any

import griffe

HEADING = re.compile(r"^Example:$", re.MULTILINE)


class ExampleSections(griffe.Extension):
    """Let `Example:` be a section of its own, so that doctests are shown as code."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the heading in a docstring, when griffe has collected its object.

        Args:
            obj: A module, class, function or attribute.
        """
        if obj.docstring is not None:
            obj.docstring.value = HEADING.sub("Examples:", obj.docstring.value)
