"""Fuzz the target "signature_fields" by hand; see drive.py."""

from drive import drive

if __name__ == "__main__":
    drive("signature_fields")
