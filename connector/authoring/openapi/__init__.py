"""A connector as an OpenAPI 3.1 document, for the tools that read these."""
