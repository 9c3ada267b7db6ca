"""Forms of an action: the schema of its inputs, its table in the docs, its flags."""
