"""Datasets: found, read, checked, and framed as the device frames pictures."""
