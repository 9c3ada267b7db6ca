"""Rows and the journal of a bulk run, as data."""
