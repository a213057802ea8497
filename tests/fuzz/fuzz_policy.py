"""Fuzz the target "policy" by hand; see drive.py."""

from drive import drive

if __name__ == "__main__":
    drive("policy")
