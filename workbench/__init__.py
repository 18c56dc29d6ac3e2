"""What train, convert and the benchmarks share: files, names, tables, metrics, progress. No TensorFlow."""
