"""A static site of a repository's postmortems: pages, lists, feed and search, readable from a folder or a server."""
