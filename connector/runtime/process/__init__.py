"""What belongs to a process: its environment and packages, what a fork leaves of it, and who called."""
