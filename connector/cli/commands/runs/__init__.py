"""The commands of the log of runs."""
