"""What is asked: a connector's files as data. Only `load` opens files."""
