"""HTTP over three libraries."""
