"""What descriptions say about one thing, and how sure that is: for the modules that infer words of the format."""
