"""HTTP transports over three libraries."""
