"""Git history -> events and findings: records, signatures, snapshots, steps and the audit."""
