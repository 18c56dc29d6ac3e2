"""Every error a user can cause. The commands catch `EdgeError` and nothing else."""

from __future__ import annotations


class EdgeError(Exception):
    """Base of every error of this toolkit. Its text says what was expected, what came, and what to do.

    Example:
        >>> from runtime import Classifier, EdgeError
        >>> try:
        ...     Classifier.load("missing.tflite")
        ... except EdgeError as error:
        ...     print(error)
        cannot read model missing.tflite: No such file or directory
    """


class ImageError(EdgeError):
    """A picture file that cannot be read, or that is no picture.

    Example:
        >>> from runtime import ImageError, read_image
        >>> try:
        ...     read_image("README.md")
        ... except ImageError as error:
        ...     print(str(error).partition(":")[0])
        README.md
    """


class SourceError(EdgeError):
    """A camera, stream, video, folder or pattern that gives no frames.

    Example:
        >>> from runtime import SourceError, open_source
        >>> try:
        ...     next(iter(open_source("missing.mp4")))
        ... except SourceError as error:
        ...     print("missing.mp4" in str(error))
        True
    """


class OutputError(EdgeError):
    """A picture, video or folder that cannot be written.

    Example:
        >>> from runtime import OutputError
        >>> raise OutputError("cannot write out.png; is the disk full?")
        Traceback (most recent call last):
        runtime.errors.OutputError: cannot write out.png; is the disk full?
    """


class ModelError(EdgeError):
    """A model file that cannot be loaded or run, or a card that is wrong.

    Example:
        >>> from runtime import Classifier, ModelError
        >>> try:
        ...     Classifier.load("README.md")
        ... except ModelError as error:
        ...     print("expected a .tflite model" in str(error))
        True
    """


class ModelMismatch(ModelError):
    """A model whose tensors are not what its card, or the caller, says they are.

    Example:
        >>> from runtime import Classifier, ModelMismatch
        >>> try:
        ...     Classifier.load(labels=["cat", "dog"])
        ... except ModelMismatch as error:
        ...     print(error)
        2 labels for 10 classes: expected one label for each class. Are they another model's?
    """


class InterpreterMissing(EdgeError):
    """No TFLite interpreter works on this machine. `Classifier.load` raises it.

    Example:
        >>> from runtime import InterpreterMissing
        >>> raise InterpreterMissing("none is installed: pip install ai-edge-litert")
        Traceback (most recent call last):
        runtime.errors.InterpreterMissing: none is installed: pip install ai-edge-litert
    """


class DataError(EdgeError):
    """A data set that cannot be read, or that does not fit the model. Training and conversion raise it.

    Example:
        >>> from runtime import DataError
        >>> raise DataError("data.npz: expected an array x_train; received x, y")
        Traceback (most recent call last):
        runtime.errors.DataError: data.npz: expected an array x_train; received x, y
    """


class TrainingError(EdgeError):
    """A training run that does not come to a usable model, such as one that diverges. Training raises it.

    Example:
        >>> from runtime import TrainingError
        >>> raise TrainingError("the loss is not a number after epoch 1; lower --learning-rate")
        Traceback (most recent call last):
        runtime.errors.TrainingError: the loss is not a number after epoch 1; lower --learning-rate
    """


class ParityError(EdgeError):
    """A converted model that does not compute what the Keras model computes. Conversion raises it.

    Example:
        >>> from runtime import ParityError
        >>> raise ParityError("expected agreement of 99.5 % or more; received 98.1 %")
        Traceback (most recent call last):
        runtime.errors.ParityError: expected agreement of 99.5 % or more; received 98.1 %
    """


class OptionError(EdgeError):
    """Options that are valid one by one and do not go together.

    Example:
        >>> from runtime import OptionError
        >>> raise OptionError("--width is asked of a camera; video.mp4 has its own")
        Traceback (most recent call last):
        runtime.errors.OptionError: --width is asked of a camera; video.mp4 has its own
    """
