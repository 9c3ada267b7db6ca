"""Work that goes on beside the pages, which show how far it is."""
