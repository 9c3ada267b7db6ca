"""Descriptions made in a test: one operation, or a whole document, read as the import reads them."""

from __future__ import annotations

from typing import Any

from connector.authoring.importing.description import ApiDocument, Description, Operation


def read_operations(paths: dict[str, Any], **parts: Any) -> tuple[Operation, ...]:
    """Return the operations of paths."""
    document = ApiDocument({"openapi": "3.0.3", "info": {"title": "Test"}, "paths": paths, **parts})
    return Description([document]).operations


def read_operation(
    reply: Any,
    *,
    path: str = "/books",
    method: str = "get",
    query: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    body: Any = None,
    **words: Any,
) -> Operation:
    """Return one operation: the schema of its reply, its query parameters by name, and headers of the reply."""
    parameters = [
        {"name": name, "in": "query", "schema": schema, "description": schema.get("description", "")}
        for name, schema in (query or {}).items()
    ]
    content = {"application/json": {"schema": reply}}
    operation = {
        "parameters": parameters,
        "responses": {"200": {"content": content, "headers": headers or {}}},
        **words,
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return read_operations({path: {method: operation}})[0]
