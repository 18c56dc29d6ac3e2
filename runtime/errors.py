"""Every error a user can cause. The commands catch `EdgeError` and nothing else."""

from __future__ import annotations


class EdgeError(Exception):
    """Base of all of them. Its text says what was expected, what came, and what to do."""


class ImageError(EdgeError):
    """A picture that cannot be read or is not one."""


class SourceError(EdgeError):
    """A camera, video, folder or pattern that gives no frames."""


class OutputError(EdgeError):
    """A file or folder that cannot be written."""


class ModelError(EdgeError):
    """A model file that cannot be loaded or run."""


class ModelMismatch(ModelError):
    """A model whose tensors are not what its card, or the caller, says they are."""


class InterpreterMissing(EdgeError):
    """No TFLite interpreter that works on this machine."""


class DataError(EdgeError):
    """A dataset that cannot be read, or that does not fit the model."""


class TrainingError(EdgeError):
    """A training run that did not lead to a usable model, because it diverged for example."""


class ParityError(EdgeError):
    """A converted model that does not do what the Keras model does."""


class OptionError(EdgeError):
    """Options that are each valid and do not go together."""
