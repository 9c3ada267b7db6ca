"""What a receiver tells of itself, on an address of its own: health, readiness and metrics."""
