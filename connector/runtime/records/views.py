"""A view for each resource, with a column for each plain field of its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text

from connector.core.records.kinds import name_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition

OWN_COLUMNS = ("id", "account", "parent", "source", "seen_at", "gone_at", "data")
_TYPES = ("string", "integer", "number", "boolean")
_POSTGRES_TYPES = {"integer": "numeric", "number": "numeric", "boolean": "boolean"}


def list_fields(connector: Connector, resource: ResourceDefinition) -> dict[str, str]:
    """Return the plain fields of a resource's objects, each with its type: string, integer, number or boolean."""
    properties: Mapping[str, Any] = {}
    if resource.schema_ is not None:
        properties = connector.object_schema(resource.schema_).get("properties", {})
    fields = {name: _find_type(schema) for name, schema in properties.items() if name not in OWN_COLUMNS}
    return {name: kind for name, kind in fields.items() if kind}


def create_views(connection: Connection, connector: Connector) -> None:
    """Create the views that are missing or have other columns now, within a transaction."""
    existing = set(inspect(connection).get_view_names())
    for name, resource in connector.manifest.resources.items():
        view, fields = name_view(connector, name), list_fields(connector, resource)
        read = _read_postgres if connection.dialect.name == "postgresql" else _read_sqlite
        columns = ", ".join(
            [*OWN_COLUMNS, *(f"{read(field, kind)} AS {_quote(field)}" for field, kind in fields.items())]
        )
        condition = f"connector = {_quote_text(connector.name)} AND resource = {_quote_text(name)}"
        words = ("CREATE VIEW", _quote(view), "AS SELECT", columns, "FROM connector_records WHERE", condition)
        statement = " ".join(words)
        is_postgres = connection.dialect.name == "postgresql"
        if view in existing:
            if _is_same(connection, view, [*OWN_COLUMNS, *fields], statement):
                continue
            connection.execute(text(f"DROP VIEW {_quote(view)}"))
        connection.exec_driver_sql(statement.replace("%", "%%") if is_postgres else statement)


def _is_same(connection: Connection, view: str, columns: Sequence[str], statement: str) -> bool:
    """Whether a view is the one that is wanted; PostgreSQL does not keep its words, and its columns say enough."""
    if connection.dialect.name == "postgresql":
        return [column["name"] for column in inspect(connection).get_columns(view)] == list(columns)
    return inspect(connection).get_view_definition(view) == statement


def _find_type(schema: Any) -> str:
    kind = schema.get("type") if isinstance(schema, dict) else None
    kinds = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return str(kinds[0]) if len(kinds) == 1 and kinds[0] in _TYPES else ""


def _read_sqlite(field: str, kind: str) -> str:
    """Return the field; a whole number that 64 bits do not hold as text, since SQLite would round it."""
    path = _quote_text(f"$.{_quote(field)}")
    value = f"json_extract(data, {path})"
    if kind != "integer":
        return value
    is_large = f"json_type(data, {path}) = 'integer' AND typeof({value}) = 'real'"
    both = f"json_extract(data, {path}, {path})"  # [N,N], as it is written
    return f"CASE WHEN {is_large} THEN substr({both}, 2, instr({both}, ',') - 2) ELSE {value} END"


def _read_postgres(field: str, kind: str) -> str:
    """Return the field as its type; NULL where the service sent another, so that no query fails."""
    value = f"(CAST(data AS json) ->> {_quote_text(field)})"
    if kind == "string":
        return value
    json_kind = "number" if kind == "integer" else kind
    is_typed = f"json_typeof(CAST(data AS json) -> {_quote_text(field)}) = '{json_kind}'"
    return f"CASE WHEN {is_typed} THEN CAST({value} AS {_POSTGRES_TYPES[kind]}) END"


def _quote(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _quote_text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
