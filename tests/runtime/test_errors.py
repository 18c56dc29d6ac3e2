"""Every error is one of ours, says what to do, and is caught by its base."""

from __future__ import annotations

import inspect

import pytest

from runtime import errors
from runtime.errors import EdgeError, ModelError, ModelMismatch

LEAVES = [error for _, error in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: error.__name__)
def test_the_base_catches_it_with_its_text(error: type[EdgeError]) -> None:
    with pytest.raises(EdgeError, match=r"expected a cat; received a dog\. Bring a cat"):
        raise error("expected a cat; received a dog. Bring a cat")


def test_a_mismatch_is_an_error_of_the_model() -> None:
    assert issubclass(ModelMismatch, ModelError)
    assert {error.__base__ for error in LEAVES} == {Exception, EdgeError, ModelError}


def test_no_leaf_catches_another() -> None:
    leaves = set(LEAVES) - {EdgeError, ModelError}
    assert not [(one, other) for one in leaves for other in leaves if one is not other and issubclass(one, other)]
