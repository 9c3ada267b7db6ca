"""The rate budget that callers share."""
