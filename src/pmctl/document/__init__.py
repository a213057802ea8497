"""One postmortem file: bytes <-> Document, lossless."""
