"""Put the runtime and a model on a board: `make deploy`, `make rollback`, `make bundle`."""
