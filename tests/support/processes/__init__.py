"""Other processes that the tests start."""
