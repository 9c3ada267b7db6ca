"""The log of runs: what was called, by whom, and what came of it."""
