"""What a person says of a model: nothing, unless they do."""

from __future__ import annotations

import dataclasses

from runtime.foreign.given import Given


def test_by_itself_it_says_nothing() -> None:
    assert [field.name for field in dataclasses.fields(Given) if getattr(Given(), field.name) is not None] == [
        "labels_from"
    ]
