"""Video files that are whole at every moment, as bytes to append: pure, one module for each format."""
