"""Where the settings say that data is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector
    from connector.runtime.backup.archive import PartCopy
    from connector.runtime.backup.places import Location

_INBOXES = "inbox"  # the folder of the default inboxes
_SANDBOX_SUFFIX = "-sandbox"  # of an inbox that imitates another
NO_PLACES = ("memory:", "off")  # what a setting says of data that is not kept


def find_data_folder() -> Path:
    """Return the folder of this user's data, which may not exist."""
    from platformdirs import user_data_path

    return user_data_path("connector", appauthor=False)


def build_default_url(kind: str, connector_name: str) -> str | None:
    """Return where data of a kind is kept if no setting says it; None for a kind that then is not kept."""
    if kind == "store":
        from connector.runtime.storage.file_store import get_default_folder

        return f"file:{get_default_folder()}"
    if kind == "inbox":
        return f"sqlite:///{find_data_folder() / _INBOXES / connector_name}.sqlite"
    return f"sqlite:///{find_data_folder() / kind}.sqlite" if kind in ("runs", "records") else None


def find_url(kind: str, connector: Connector, settings: Settings, *, sandbox: bool = False) -> str | None:
    """Return where data of a kind is: where a flag says, else the sandbox's own place, the settings' or the default."""
    setting = settings.get(kind)
    if sandbox and not setting.source.startswith("flag"):
        return _build_sandbox_url(kind, connector)
    return setting.value or build_default_url(kind, connector.name)


def _build_sandbox_url(kind: str, connector: Connector) -> str | None:
    from connector.sandbox.sandbox import get_state_path

    if kind == "inbox":
        return build_default_url(kind, f"{connector.name}{_SANDBOX_SUFFIX}")
    folder = get_state_path(connector).parent
    return f"file:{folder / kind}" if kind == "store" else f"sqlite:///{folder / kind}.sqlite"


def list_locations(settings: Settings) -> list[Location]:
    """Return where everything is that the settings name, with the default inbox of every connector."""
    from connector.runtime.backup.places import KINDS, Location

    stems = [path.stem for path in sorted((find_data_folder() / _INBOXES).glob("*.sqlite"))]
    names = {"inbox": [stem for stem in stems if not stem.endswith(_SANDBOX_SUFFIX)]}
    found = []
    for kind in KINDS:
        own_url = settings.get(kind).value
        urls = {"": own_url} if own_url else {}
        urls |= {name: build_default_url(kind, name) for name in names.get(kind, () if own_url else ("",))}
        found += [Location(kind, name, url) for name, url in urls.items() if url is not None and url not in NO_PLACES]
    return found


def locate_part(connector: Connector, settings: Settings, part: PartCopy) -> Location:
    """Return where a part of a backup belongs on this machine. Raises UsageError where no setting says it."""
    from connector.runtime.backup.places import Location

    is_other_inbox = part.kind == "inbox" and part.name not in ("", connector.name)
    own_url = build_default_url(part.kind, part.name) if is_other_inbox else find_url(part.kind, connector, settings)
    if own_url is None or own_url in NO_PLACES:
        hint = f"Name a database or folder: set CONNECTOR_{part.kind.upper()}."
        raise UsageError(f"The backup has {part.kind}, and the settings name no place for it.", hint=hint)
    return Location(part.kind, part.name, own_url)
