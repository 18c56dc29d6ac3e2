"""The workstation's second half: a Keras model becomes a .tflite that is proven to do the same."""

QUANTIZATIONS = ("int8", "dynamic", "float16", "float32")  # here, so that -h need not wait for NumPy
