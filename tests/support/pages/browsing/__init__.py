"""Pages of the console, as a program and as a real browser see them."""
