"""The sample pictures, and the programs that drew them."""
