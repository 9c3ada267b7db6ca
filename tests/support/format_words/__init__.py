"""The words of the format: which there are, who uses them, and where they do nothing."""
