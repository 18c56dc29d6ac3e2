"""Programs that use the runtime; each is run by tests/test_examples.py."""
