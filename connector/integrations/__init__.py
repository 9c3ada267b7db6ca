"""What other systems expect of a connector; each part imports its library when it is used."""
