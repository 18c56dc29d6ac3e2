"""Handwriting: what knows paper, strokes and digits."""
