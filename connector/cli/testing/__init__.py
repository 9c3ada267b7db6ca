"""`connector test`: examples, recorded replies, round trips in the sandbox, and recordings."""
