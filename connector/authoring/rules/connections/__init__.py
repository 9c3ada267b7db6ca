"""Rules of connections: their kinds, places, hosts and tests."""
