"""Calls that the console makes: before they are sent, and what came of them."""
