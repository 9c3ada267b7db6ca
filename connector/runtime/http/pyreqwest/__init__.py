"""The transport over pyreqwest."""
