"""`connector run -f CHAIN`: a file with steps."""
