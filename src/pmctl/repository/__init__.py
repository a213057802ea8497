"""One repository: where it is, its settings, what stands in it and at a commit, and the transaction that changes it."""
