"""Listings: settings, the signs of a page, links, the request for the next page, the walk, and merged pages."""
