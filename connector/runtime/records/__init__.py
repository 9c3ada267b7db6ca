"""The local copy of the records that a service keeps."""
