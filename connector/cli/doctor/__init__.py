"""What `connector doctor` looks at."""
