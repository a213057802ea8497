"""Git history -> events and findings: records, signatures, the fold and the audit."""
