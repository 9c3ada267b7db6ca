"""The help of the command line: its sections, examples, pages to read, and how they are laid out."""
