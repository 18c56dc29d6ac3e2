"""The table of candidate networks, in the words of train.models.networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.errors import OptionError
from train.models.networks import Shape, is_step, network


@dataclass(frozen=True)
class Candidate:
    """A network to try.

    Attributes:
        name: Name of its row.
        steps: The network in words.
    """

    name: str
    steps: str

    def build(self, shape: Shape, classes: int) -> Any:
        """Build the network, untrained; see train.models.networks.network.

        Args:
            shape: (height, width, channels) of its input.
            classes: How many it tells apart.

        Returns:
            A keras.Model.
        """
        return network(self.steps, shape, classes)


# To try another network, add a line.
CANDIDATES = (
    Candidate("cnn", "16/2 32 r r 80/2 r gdc"),
    Candidate("plain", "16 32/2 48 64/2 96 gdc"),
    Candidate("plain, mean at the end", "16 32/2 48 64/2 96"),
    Candidate("shorter", "16/2 32 r 64/2 r gdc"),
    Candidate("longer", "16/2 32 r r r 64/2 r gdc"),
    Candidate("separable", "16/2 s32 s48 s64/2 s96 s96 gdc"),
    Candidate("half", "8 16/2 24 32/2 48 gdc"),
    Candidate("cnn-tiny", "16k5/2 16 24/2 28 gdc"),
    Candidate("tiny, mean at the end", "16k5/2 16 24/2 32"),
    Candidate("tiny, 3x3 first", "16/2 16 24/2 24 gdc"),
    Candidate("tiny, separable", "8/2 s16 s24/2 s32 s48 gdc"),
)


def chosen(names: Sequence[str]) -> list[Candidate]:
    """Find candidates by name.

    Args:
        names: Names of candidates, or networks in words ("16/2 32 flat").

    Returns:
        A candidate for each; all of the table where there are no names.

    Raises:
        OptionError: A name is neither a candidate nor a network.
    """
    known = {candidate.name: candidate for candidate in CANDIDATES}
    found = [known.get(name) or Candidate(name, name) for name in names]
    for candidate in found:
        for word in candidate.steps.split():
            _check(word, candidate.name)
    return found or list(CANDIDATES)


def _check(word: str, name: str) -> None:
    if not is_step(word):
        raise OptionError(
            f"--only {name!r}: expected the name of a candidate ({', '.join(c.name for c in CANDIDATES)}), or steps "
            f'such as "16 32k5/2 s64 p r gdc"; received the step {word!r}'
        )
