"""Validation rules over one document: one module per family, one registry."""
