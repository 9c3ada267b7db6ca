"""The console: pages in a browser on this machine, for people who would rather look."""
