"""A connector within other systems: as tools of an agent, and what other libraries ask for."""
