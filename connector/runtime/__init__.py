"""What touches the world: HTTP, clocks, connections."""
