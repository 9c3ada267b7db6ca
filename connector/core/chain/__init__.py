"""Chains: calls in steps, where a step takes values from the replies of those before it."""
