"""Small API descriptions for tests of the import."""

from __future__ import annotations

from connector.authoring.importing.description import Description
from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.importer import ImportOptions, import_description

KEY = {"type": "http", "scheme": "bearer"}


def describe(paths: dict, *, components: dict | None = None, **words) -> Description:
    """Return a description with these paths, at https://api.example.com/v1."""
    data = {
        "openapi": "3.1.0",
        "info": {"title": "Bookshelf API"},
        "servers": [{"url": "https://api.example.com/v1"}],
        "paths": paths,
        "components": {"securitySchemes": {"key": KEY}, **(components or {})},
        "security": [{"key": []}],
        **words,
    }
    return Description([ApiDocument(data)])


def import_files(description: Description, **options) -> dict[str, dict]:
    """Return the words of each file that an import makes."""
    imported = import_description(description, ImportOptions(**options))
    return {path: file.words for path, file in imported.files.items()}


def import_one(method: str, path: str, operation: dict, **words) -> dict:
    """Return the words of the only action of a description."""
    files = import_files(describe({path: {method: {"operationId": "doIt", **operation}}}, **words))
    return next(words for name, words in files.items() if name.startswith("actions/"))


def take(schema: dict, *, required: bool = True) -> dict:
    """Return an operation that takes a JSON body."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}
