"""The workstation side: from pictures with labels to a trained Keras model. `python -m train -h`."""
