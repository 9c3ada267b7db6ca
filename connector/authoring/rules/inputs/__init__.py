"""Rules of inputs beyond a single field: their values, relations and variants, and what files share."""
