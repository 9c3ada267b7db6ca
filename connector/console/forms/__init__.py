"""Forms: made of the schema of inputs, and read back into inputs."""
