"""`connector run ACTION -f ROWS`: an action over rows."""
