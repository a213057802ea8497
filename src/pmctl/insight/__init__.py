"""Read-only answers computed from documents and the ledger."""
