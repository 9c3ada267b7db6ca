"""Counts with their noun."""


def format_count(count: int, noun: str) -> str:
    """Return a count and its noun, such as `1 row` or `1,250 rows`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
