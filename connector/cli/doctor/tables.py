"""The versions of the tables in the databases, as they are before anything brings them up to date."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from connector.cli.doctor.diagnosis import OK, WARN, Diagnosis
from connector.cli.doctor.files import list_urls
from connector.errors import StoreError
from connector.runtime.backup.places import load_schema
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
    for kind, url in list_urls(context).items():
        if not url.startswith(_DATABASES) or (kind != "runs" and not find_spec("sqlalchemy")):
            continue
        versions = _read_versions(kind, url)
        if versions is not None:
            (current if versions[0] == versions[1] else older).append(f"{kind} {versions[0]}")
    if older:
        fix = "The next command that opens them brings them up to date; make a backup first: connector backup FILE"
        yield Diagnosis("tables", WARN, f"Tables of an older version: {', '.join(older)}", fix)
    else:
        yield Diagnosis("tables", OK, f"Tables are up to date: {', '.join(current) or 'there are none yet'}")


def _read_versions(kind: str, url: str) -> tuple[int, int] | None:
    """Return the version that a database has and the one that this program knows; None where there is none yet."""
    schema = load_schema(kind)
    database = open_driver(url, schema)
    if not database.exists():
        return None
    try:
        session = database.connect()
        try:
            version = schema.read_version(session, database.display_url)
        finally:
            session.connection.close()
    except Exception as error:
        reason = database.find_reason(error)
        if reason is None:
            raise
        raise StoreError(f"{database.display_url}: {reason}.", hint=database.hint, path=database.display_url) from None
    return None if version is None else (version, schema.version)
