"""The versions of the tables in the databases, as they are before anything brings them up to date."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from connector.cli.context.locations import find_url
from connector.cli.doctor.diagnosis import OK, WARN, Diagnosis
from connector.runtime.backup.places import KINDS, load_schema
from connector.runtime.database.driver import open_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.context.connection_context import ConnectionContext

_DATABASES = ("sqlite", "postgres")


def check_tables(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether this program knows the tables that are there. Raises StoreError for those of a newer one."""
    if context.sandbox:
        return
    current: list[str] = []
    older: list[str] = []
    for kind, url in _list_urls(context).items():
        versions = _read_versions(kind, url)
        if versions is not None:
            (current if versions[0] == versions[1] else older).append(f"{kind} {versions[0]}")
    if older:
        fix = "The next command that opens them brings them up to date; make a backup first: connector backup FILE"
        yield Diagnosis("tables", WARN, f"Tables of an older version: {', '.join(older)}", fix)
    else:
        yield Diagnosis("tables", OK, f"Tables are up to date: {', '.join(current) or 'there are none yet'}")


def _list_urls(context: ConnectionContext) -> dict[str, str]:
    """Return the databases by what they keep."""
    kinds = KINDS if find_spec("sqlalchemy") else ("runs",)
    urls = {kind: str(find_url(kind, context.connector, context.settings)) for kind in kinds}
    return {kind: url for kind, url in urls.items() if url.startswith(_DATABASES)}


def _read_versions(kind: str, url: str) -> tuple[int, int] | None:
    """Return the version that a database has and the one that this program knows; None where there is none yet."""
    schema = load_schema(kind)
    version = open_driver(url, schema).read_version()
    return None if version is None else (version, schema.version)
