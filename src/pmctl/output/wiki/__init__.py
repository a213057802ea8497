"""Postmortems as pages of a wiki, or as the input of a documentation generator: one module for each flavour."""
