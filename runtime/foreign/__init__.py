"""Models of others: what a .tflite without a card says of itself."""
