"""What commands and pages for authors of connectors share."""
