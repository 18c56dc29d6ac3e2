"""How a picture becomes model inputs: the seam, and the framing of whole pictures."""
