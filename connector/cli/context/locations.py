"""Where the settings say that data is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context.settings import default_inbox_url, default_records_url, default_runs_url
from connector.errors import UsageError
from connector.runtime.backup.places import Location

if TYPE_CHECKING:
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector
    from connector.runtime.backup.archive import PartCopy

_SANDBOX_SUFFIX = "-sandbox"  # of an inbox that imitates another


def list_locations(settings: Settings) -> list[Location]:
    """Return where everything is that the settings name, with the default inbox of every connector."""
    inboxes = Path(default_inbox_url("x").removeprefix("sqlite:///")).parent
    names = [path.stem for path in sorted(inboxes.glob("*.sqlite")) if not path.stem.endswith(_SANDBOX_SUFFIX)]
    named = {kind: settings.get(kind).value for kind in ("inbox", "bulk")}
    found = [
        Location("store", "", settings.get("store").value or "file:"),
        *(Location(kind, "", url) for kind, url in named.items() if url),
        *(Location("inbox", name, default_inbox_url(name)) for name in names),
        Location("runs", "", settings.get("runs").value or default_runs_url()),
        Location("records", "", settings.get("records").value or default_records_url()),
    ]
    return [location for location in found if location.url not in ("memory:", "off")]


def locate_part(connector: Connector, settings: Settings, part: PartCopy) -> Location:
    """Return where a part of a backup belongs on this machine. Raises UsageError where no setting says it."""
    defaults = {
        "store": "file:",
        "inbox": default_inbox_url(part.name or connector.name),
        "runs": default_runs_url(),
        "records": default_records_url(),
    }
    is_other_inbox = part.kind == "inbox" and part.name not in ("", connector.name)
    url = (None if is_other_inbox else settings.get(part.kind).value) or defaults.get(part.kind)
    if url in (None, "memory:", "off"):
        hint = f"Name a database or folder: set CONNECTOR_{part.kind.upper()}."
        raise UsageError(f"The backup has {part.kind}, and the settings name no place for it.", hint=hint)
    return Location(part.kind, part.name, url)
