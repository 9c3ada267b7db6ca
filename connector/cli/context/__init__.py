"""Settings, connections and options of a command."""
