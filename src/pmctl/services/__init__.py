"""Incident records in: one module per system, each with the same two functions."""
