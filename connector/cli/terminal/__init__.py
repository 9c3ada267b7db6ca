"""What a person sees in a terminal: widths, colours, pages of text; imported by the help page, so it loads little."""
