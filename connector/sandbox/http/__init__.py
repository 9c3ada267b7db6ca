"""The sandbox's requests, responses and faults."""
