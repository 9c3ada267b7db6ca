"""Reading whole lists of a service into the copy of its records, and telling handlers what changed."""
