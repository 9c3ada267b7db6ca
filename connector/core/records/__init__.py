"""Records: what calls and events tell of the things that a service keeps."""
