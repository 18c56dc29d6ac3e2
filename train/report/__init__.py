"""The report of a training run: pictures and one page."""
