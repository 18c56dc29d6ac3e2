"""The workstation's second half: a Keras model becomes a .tflite that is proven to do the same."""
