"""The store in a folder: one file a key, written atomically, readable by its owner alone."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files import atomic, private_files
from connector.runtime.files.key_names import encode_key
from connector.runtime.files.locks import FileLocks
from connector.runtime.files.private_files import build_store_error
from connector.runtime.storage.record_store import RecordStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from connector.runtime.clock import Clock

_REPLACEMENT = "replacement"  # the folder of new records that are complete
_REPLACED_NAMES = "names"  # the file in it that lists all of them
WRITE_LOCK_TIMEOUT = 10.0  # seconds to wait for another process that is writing the same record


class FileStore(RecordStore):
    """Stores each record in a file of its own, 0600 in a folder 0700, named after its quoted key.

    `folder` defaults to `store` in the platform's data folder of this user. Raises StoreError when the folder, a
    file in it or a folder above it is open to others. Opening the store removes what interrupted writes left. A damaged
    file is renamed to NAME.json.corrupt-TIME.
    """

    def __init__(self, folder: Path | None = None, *, clock: Clock | None = None) -> None:
        self.folder = (get_default_folder() if folder is None else folder).expanduser().absolute()
        self.location = str(self.folder)
        self._clock = clock or SystemClock()
        self._locks = FileLocks(self.folder / "locks", self.location, self._clock)
        if private_files.check_folder(self.folder):
            self._remove_stale_temps()
            if (self.folder / _REPLACEMENT).exists():
                self._finish_replacement()

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among the processes of this machine."""
        private_files.make_folder(self.folder)
        return self._locks.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Write and remove a file of `size` bytes, so that a full disk shows before it matters."""
        probe_path = atomic.build_temp_path(self._build_path(encode_key(key)))
        with self._hold_writers(key):
            try:
                probe_path.unlink(missing_ok=True)
                private_files.create_private(probe_path, secrets.token_bytes(size))  # which no disk compresses
                probe_path.unlink()
                private_files.sync_folder(self.folder)
            except OSError as error:
                raise build_store_error(error, probe_path) from error

    def remove(self, key: str) -> bool:
        """Remove a record; return whether there was one."""
        return private_files.check_folder(self.folder) and super().remove(key)

    def list_texts(self) -> list[tuple[str, str, float]]:
        """Return name, text and time of change of each record, as they are stored."""
        found = []
        for name in sorted(self._list_names()):
            path = self._build_path(name)
            content = private_files.read_file(path)
            if content is not None:  # else it was removed meanwhile
                found.append((name, content.decode("utf-8", "replace"), path.stat().st_mtime))
        return found

    def replace_texts(self, texts: Mapping[str, str]) -> None:
        """Replace all records; a process that dies in it leaves the old ones, or the new ones to who opens the store.

        They are written into a folder beside them, whose last name is given when it is complete.
        """
        private_files.make_folder(self.folder)
        staging, complete = self.folder / f"{_REPLACEMENT}.tmp", self.folder / _REPLACEMENT
        with self._locks.hold("replace", WRITE_LOCK_TIMEOUT, "write"):
            try:
                shutil.rmtree(staging, ignore_errors=True)
                private_files.make_folder(staging)
                for name, text in texts.items():
                    private_files.create_private(staging / f"{name}.json", text.encode())
                private_files.create_private(staging / _REPLACED_NAMES, json.dumps(sorted(texts)).encode())
                private_files.sync_folder(staging)
                staging.rename(complete)
                private_files.sync_folder(self.folder)
            except OSError as error:
                raise build_store_error(error, self.folder) from error
            self._move_replacement(complete)

    def _finish_replacement(self) -> None:
        """Finish what a process that died began; one that lives does so itself."""
        with self._locks.hold("replace", WRITE_LOCK_TIMEOUT, "write"):
            if (self.folder / _REPLACEMENT).exists():
                self._move_replacement(self.folder / _REPLACEMENT)

    def _move_replacement(self, complete: Path) -> None:
        """Remove the records that are not among the new ones, and put these in their places; it may be done again."""
        try:
            listed = private_files.read_file(complete / _REPLACED_NAMES)
            if listed is not None:  # else only the empty folder is left of it
                names = set(json.loads(listed))
                for name in self._list_names():
                    if name not in names:
                        self._build_path(name).unlink(missing_ok=True)
                for path in complete.glob("*.json"):
                    path.replace(self.folder / path.name)
                private_files.sync_folder(self.folder)
                (complete / _REPLACED_NAMES).unlink()
            complete.rmdir()
        except OSError as error:
            raise build_store_error(error, self.folder, "What is missing is put there at the next use.") from error

    def _build_path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _describe_record(self, key: str) -> tuple[str, str]:
        path = str(self._build_path(encode_key(key)))
        return path, path

    def _hold_writers(self, key: str) -> AbstractContextManager[None]:
        private_files.make_folder(self.folder)
        return self._locks.hold(key, WRITE_LOCK_TIMEOUT, "write")

    def _get_text(self, name: str) -> tuple[bytes | None, None]:
        if not private_files.check_folder(self.folder):
            return None, None
        return private_files.read_file(self._build_path(name)), None

    def _put_text(self, name: str, version: int, text: str) -> bool:  # noqa: ARG002
        path = self._build_path(name)
        try:
            with atomic.replacing(path) as temp_path:
                try:
                    private_files.create_private(temp_path, text.encode())
                except OSError as error:
                    raise build_store_error(error, path) from error
        except OSError as error:
            raise build_store_error(error, path, private_files.OLD_OR_NEW) from error
        return True

    def _delete_text(self, name: str) -> bool:
        path = self._build_path(name)
        try:
            path.unlink()
            private_files.sync_folder(self.folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise build_store_error(error, path, "It may still be there.") from error
        return True

    def _list_names(self) -> list[str]:
        return self._list_stems(".json") if private_files.check_folder(self.folder) else []

    def _list_stems(self, suffix: str) -> list[str]:
        try:
            return [path.name.removesuffix(suffix) for path in self.folder.iterdir() if path.name.endswith(suffix)]
        except OSError as error:
            raise build_store_error(error, self.folder) from error

    def _quarantine(self, name: str, text: str | bytes) -> str:  # noqa: ARG002
        suffix = time.strftime(".corrupt-%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        try:
            suffixes = itertools.chain([suffix], (f"{suffix}-{number}" for number in itertools.count(2)))
            return f"It is kept as {atomic.set_aside(self._build_path(name), suffixes).name}."
        except OSError as error:
            return f"It could not be moved aside ({error.strerror}) and stays where it is."

    def _remove_stale_temps(self) -> None:
        """Remove what interrupted writes left; a living writer holds the lock of that name."""
        for stem in self._list_stems(".tmp"):
            name = stem.partition(".")[0]
            with contextlib.suppress(StoreError, OSError), self._locks.hold(name, 0.0, "write", name=name):
                (self.folder / f"{stem}.tmp").unlink(missing_ok=True)


def get_default_folder() -> Path:
    """Return the default folder of this user's store."""
    import platformdirs

    return platformdirs.user_data_path("connector", appauthor=False) / "store"
