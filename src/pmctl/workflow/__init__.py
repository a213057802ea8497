"""The acts that write. Every change of a repository is made here, as one commit an act."""
