"""The files of the places: whether this user may write them, and whether their disks have space."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context.locations import find_data_folder, find_url
from connector.cli.doctor.diagnosis import FAIL, OK, WARN, Diagnosis
from connector.runtime.backup.places import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.context.connection_context import ConnectionContext

_LOW_BYTES, _EMPTY_BYTES = 1_000_000_000, 100_000_000


def list_paths(context: ConnectionContext | None) -> list[Path]:
    """Return the files and folders in which data is kept, beside servers; without a context, the default one."""
    urls: list[str] = []
    if context is not None and not context.sandbox:
        urls = [str(find_url(kind, context.connector, context.settings)) for kind in KINDS]
    local = [url.partition(":")[2].removeprefix("///") for url in urls if url.startswith(("file:", "sqlite:///"))]
    return list(dict.fromkeys([find_data_folder(), *(Path(text).expanduser().absolute() for text in local if text)]))


def check_disks(context: ConnectionContext | None) -> Iterator[Diagnosis]:
    """Yield how much space is left on each disk where data is kept."""
    disks: dict[int, tuple[Path, Path]] = {}
    for path in list_paths(context):
        existing = _find_existing(path)
        disks.setdefault(existing.stat().st_dev, (path, existing))
    for path, existing in disks.values():
        free = shutil.disk_usage(existing).free
        status = FAIL if free < _EMPTY_BYTES else WARN if free < _LOW_BYTES else OK
        fix = (
            "" if status == OK else f"Free some space on the disk of {existing}, or name other places in the settings."
        )
        yield Diagnosis("disk", status, f"{free / 1e9:.1f} GB are free for {path}", fix)


def check_rights(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether this user may write where data is kept. What root makes, the user of a service cannot."""
    existing = list(dict.fromkeys(map(_find_existing, list_paths(context))))
    if not hasattr(os, "geteuid"):
        return
    denied = [path for path in existing if not os.access(path, os.W_OK)]
    for path in denied:
        message = f"{path} cannot be written by {getpass.getuser()}: it belongs to {_name_owner(path)}"
        fix = f"Run as {_name_owner(path)}, or give it away: chown -R {getpass.getuser()} {shlex.quote(str(path))}"
        yield Diagnosis("rights", FAIL, message, fix)
    foreign = [path for path in existing if os.geteuid() == 0 and path.stat().st_uid != 0]
    for path in foreign[:1]:
        owner = _name_owner(path)
        message = f"This is root, and {path} belongs to {owner}, who cannot use what root makes there"
        yield Diagnosis("rights", WARN, message, f"Run commands as {owner}: runuser -u {owner} -- connector ...")
    if not denied and not foreign:
        yield Diagnosis("rights", OK, "This user may write where data is kept")


def _find_existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _name_owner(path: Path) -> str:
    """Return the owner's name, or number where it has none."""
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)
