"""For who writes a connector: lint, docs, scaffold, parity."""
