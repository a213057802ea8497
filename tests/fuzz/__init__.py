"""Hostile bytes for every reader of a file: by hypothesis in CI (test_readers.py), by atheris by hand (fuzz_*.py)."""
