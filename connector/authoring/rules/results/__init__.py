"""Rules of what becomes of a call of several steps or parts: jobs, and parts that failed."""
