"""The model file: container, card, interpreter, tensors, golden vectors."""
