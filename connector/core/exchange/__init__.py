"""The exchange: one call as a generator of asks."""
