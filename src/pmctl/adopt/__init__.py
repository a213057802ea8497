"""Existing Markdown postmortems become managed ones: recognised, planned, shown, then written in one commit."""
