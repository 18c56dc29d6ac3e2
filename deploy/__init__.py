"""From a workstation to a board: what `make deploy`, `make rollback` and `make bundle` do."""
