"""Fuzz the target "yaml" by hand; see drive.py."""

from drive import drive

if __name__ == "__main__":
    drive("yaml")
