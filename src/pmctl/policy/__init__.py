"""People, teams, keys, lifecycle, and who may do what. Pure functions, no I/O."""
