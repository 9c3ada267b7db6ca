"""The store in a folder: one file a key, written whole or not at all, read by its owner alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files import private_files as private
from connector.runtime.files.lock_files import FileLocks
from connector.runtime.storage import record_codec as record
from connector.runtime.storage.store import conflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import Kept

PATIENCE = 10.0  # seconds to wait for another process that is writing the same record


class FileStore:
    """Keeps each record in a file of its own, 0600 in a folder 0700, named after its quoted key.

    `folder` defaults to `store` in the platform's data folder of this user. Raises StoreError when the folder, a
    file in it or a folder above it is open to others. What an interrupted write left behind is removed when the
    store is opened. A damaged file is kept beside as NAME.json.corrupt-TIME.
    """

    def __init__(self, folder: Path | None = None, *, clock: Clock | None = None) -> None:
        self.folder = (default_folder() if folder is None else folder).expanduser().absolute()
        self._clock = clock or SystemClock()
        self._locks = FileLocks(self.folder / "locks", str(self.folder), self._clock)
        if private.check_folder(self.folder):
            self._sweep()

    def __repr__(self) -> str:
        return f"FileStore({str(self.folder)!r})"

    def read(self, key: str) -> Kept | None:
        """Return the record, or None. Raises StoreError for a damaged one, which is then kept beside."""
        if not private.check_folder(self.folder):
            return None
        try:
            return self._load(key)
        except record.Unreadable as error:
            raise self._unreadable(key, error) from None
        except record.Broken as error:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(self._writing(key))
                except StoreError:
                    raise self._unreadable(key, error) from None
                return self._load_or_set_aside(key)  # a writer may just have mended it

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data; when it returns it is on the disk. With `version` only over that one (0: none yet)."""
        record.dump(data)
        private.make_folder(self.folder)
        with self._writing(key):
            found = self._load_or_set_aside(key)
            have = found.version if found else 0
            if version is not None and version != have:
                raise conflict(str(self.folder), key, version)
            self._replace(self._path(key), record.render(key, have + 1, data).encode())
        return have + 1

    def remove(self, key: str) -> bool:
        """Forget a record; return whether there was one."""
        if not private.check_folder(self.folder):
            return False
        path = self._path(key)
        with self._writing(key):
            try:
                path.unlink()
                private.sync_folder(self.folder)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise private.failure(error, path, "It may be there still.") from error
        return True

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        if not private.check_folder(self.folder):
            return []
        found = (self._key(path) for path in self._files(".json"))
        return sorted(key for key in found if key is not None and key.startswith(prefix))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among the processes of this machine. StoreError names the holder after `timeout` s."""
        private.make_folder(self.folder)
        return self._locks.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Write and remove a file of `size` bytes, so that a full disk shows before it matters."""
        private.make_folder(self.folder)
        trial = self._beside(self._path(key))
        with self._writing(key):
            try:
                trial.unlink(missing_ok=True)
                private.write_new(trial, secrets.token_bytes(size))  # a compressing disk must not be fooled
                trial.unlink()
                private.sync_folder(self.folder)
            except OSError as error:
                raise private.failure(error, trial) from error

    def _path(self, key: str) -> Path:
        return self.folder / f"{record.name(key)}.json"

    def _beside(self, path: Path) -> Path:
        return path.with_name(f"{path.name.removesuffix('.json')}.{os.getpid()}.tmp")

    def _writing(self, key: str) -> AbstractContextManager[None]:
        return self._locks.hold(key, PATIENCE, "write")

    def _load(self, key: str) -> Kept | None:
        content = private.read(self._path(key))
        return None if content is None else record.parse(content, key)

    def _load_or_set_aside(self, key: str) -> Kept | None:
        """Read a record that nobody else writes now; keep a damaged one beside, and raise StoreError."""
        try:
            return self._load(key)
        except record.Unreadable as error:
            raise self._unreadable(key, error) from None
        except record.Broken as error:
            raise self._unreadable(key, error, self._set_aside(self._path(key))) from None

    def _set_aside(self, path: Path) -> str:
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        aside = path.with_name(f"{path.name}.corrupt-{moment}")
        count = 1
        while os.path.lexists(aside):
            count += 1
            aside = path.with_name(f"{path.name}.corrupt-{moment}-{count}")
        try:
            path.rename(aside)
            private.sync_folder(self.folder)
        except OSError as error:
            return f"It could not be moved aside ({error.strerror}) and stays where it is."
        return f"It is kept as {aside.name}."

    def _unreadable(self, key: str, error: record.Broken, kept: str = "It stays where it is.") -> StoreError:
        path = self._path(key)
        hint = "Put a good copy in its place, or sign in again."
        return StoreError(f"{path} cannot be read: {error}. {kept}", hint=hint, path=str(path))

    def _replace(self, path: Path, content: bytes) -> None:
        fresh = self._beside(path)
        try:
            fresh.unlink(missing_ok=True)  # of a dead process that had our pid
            private.write_new(fresh, content)
        except OSError as error:
            raise private.failure(error, path) from error
        try:
            fresh.replace(path)
            private.sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise private.failure(error, path, "The old record or the new one is there, whole.") from error

    def _files(self, ending: str) -> Iterator[Path]:
        try:
            yield from (path for path in self.folder.iterdir() if path.name.endswith(ending))
        except OSError as error:
            raise private.failure(error, self.folder) from error

    def _key(self, path: Path) -> str | None:
        """Return the key of a record's file; a shortened name has it inside. None when it is gone or damaged."""
        key = record.key_of(path.name.removesuffix(".json"))
        if key is not None:
            return key
        try:
            return record.held_key(private.read(path) or b"")
        except record.Broken:  # reading it by its key tells what is wrong
            return None

    def _sweep(self) -> None:
        """Remove what interrupted writes left: whoever writes holds the lock of that name, so who has it may clean."""
        for left in list(self._files(".tmp")):
            named = left.name.partition(".")[0]
            with contextlib.suppress(StoreError, OSError), self._locks.hold(named, 0.0, "write", name=named):
                left.unlink(missing_ok=True)


def default_folder() -> Path:
    """Return where this user's store is when nothing names another place."""
    import platformdirs  # noqa: PLC0415  a store elsewhere need not load it

    return Path(platformdirs.user_data_dir("connector")) / "store"
