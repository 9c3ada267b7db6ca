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
from connector.runtime.files import private_files
from connector.runtime.files.lock_files import FileLocks
from connector.runtime.storage import record_codec
from connector.runtime.storage.store import build_conflict_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import StoredRecord

WRITE_LOCK_TIMEOUT = 10.0  # seconds to wait for another process that is writing the same record


class FileStore:
    """Keeps each record in a file of its own, 0600 in a folder 0700, named after its quoted key.

    `folder` defaults to `store` in the platform's data folder of this user. Raises StoreError when the folder, a
    file in it or a folder above it is open to others. What an interrupted write left behind is removed when the
    store is opened. A damaged file is kept beside as NAME.json.corrupt-TIME.
    """

    def __init__(self, folder: Path | None = None, *, clock: Clock | None = None) -> None:
        self.folder = (get_default_folder() if folder is None else folder).expanduser().absolute()
        self._clock = clock or SystemClock()
        self._locks = FileLocks(self.folder / "locks", str(self.folder), self._clock)
        if private_files.check_folder(self.folder):
            self._remove_stale_temps()

    def __repr__(self) -> str:
        return f"FileStore({str(self.folder)!r})"

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None. Raises StoreError for a damaged one, which is then kept beside."""
        if not private_files.check_folder(self.folder):
            return None
        try:
            return self._load(key)
        except record_codec.UnsupportedRecord as error:
            raise self._build_read_error(key, error) from None
        except record_codec.CorruptRecord as error:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(self._hold_write_lock(key))
                except StoreError:
                    raise self._build_read_error(key, error) from None
                return self._load_or_quarantine(key)  # a writer may just have mended it

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data; when it returns it is on the disk. With `version` only over that one (0: none yet)."""
        record_codec.dump_json(data)
        private_files.make_folder(self.folder)
        with self._hold_write_lock(key):
            current = self._load_or_quarantine(key)
            current_version = current.version if current else 0
            if version is not None and version != current_version:
                raise build_conflict_error(str(self.folder), key, version)
            self._replace(self._build_path(key), record_codec.encode_record(key, current_version + 1, data).encode())
        return current_version + 1

    def remove(self, key: str) -> bool:
        """Forget a record; return whether there was one."""
        if not private_files.check_folder(self.folder):
            return False
        path = self._build_path(key)
        with self._hold_write_lock(key):
            try:
                path.unlink()
                private_files.sync_folder(self.folder)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise private_files.build_store_error(error, path, "It may be there still.") from error
        return True

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        if not private_files.check_folder(self.folder):
            return []
        stored_keys = (self._read_key(path) for path in self._iter_files(".json"))
        return sorted(key for key in stored_keys if key is not None and key.startswith(prefix))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among the processes of this machine. StoreError names the holder after `timeout` s."""
        private_files.make_folder(self.folder)
        return self._locks.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Write and remove a file of `size` bytes, so that a full disk shows before it matters."""
        private_files.make_folder(self.folder)
        probe_path = self._build_temp_path(self._build_path(key))
        with self._hold_write_lock(key):
            try:
                probe_path.unlink(missing_ok=True)
                private_files.create_private(
                    probe_path, secrets.token_bytes(size)
                )  # a compressing disk must not be fooled
                probe_path.unlink()
                private_files.sync_folder(self.folder)
            except OSError as error:
                raise private_files.build_store_error(error, probe_path) from error

    def _build_path(self, key: str) -> Path:
        return self.folder / f"{record_codec.encode_key(key)}.json"

    def _build_temp_path(self, path: Path) -> Path:
        return path.with_name(f"{path.name.removesuffix('.json')}.{os.getpid()}.tmp")

    def _hold_write_lock(self, key: str) -> AbstractContextManager[None]:
        return self._locks.hold(key, WRITE_LOCK_TIMEOUT, "write")

    def _load(self, key: str) -> StoredRecord | None:
        content = private_files.read_file(self._build_path(key))
        return None if content is None else record_codec.decode_record(content, key)

    def _load_or_quarantine(self, key: str) -> StoredRecord | None:
        """Read a record that nobody else writes now; keep a damaged one beside, and raise StoreError."""
        try:
            return self._load(key)
        except record_codec.UnsupportedRecord as error:
            raise self._build_read_error(key, error) from None
        except record_codec.CorruptRecord as error:
            raise self._build_read_error(key, error, self._quarantine(self._build_path(key))) from None

    def _quarantine(self, path: Path) -> str:
        timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock.time()))
        quarantine_path = path.with_name(f"{path.name}.corrupt-{timestamp}")
        count = 1
        while os.path.lexists(quarantine_path):
            count += 1
            quarantine_path = path.with_name(f"{path.name}.corrupt-{timestamp}-{count}")
        try:
            path.rename(quarantine_path)
            private_files.sync_folder(self.folder)
        except OSError as error:
            return f"It could not be moved aside ({error.strerror}) and stays where it is."
        return f"It is kept as {quarantine_path.name}."

    def _build_read_error(
        self, key: str, error: record_codec.CorruptRecord, location_note: str = "It stays where it is."
    ) -> StoreError:
        path = self._build_path(key)
        hint = "Put a good copy in its place, or sign in again."
        return StoreError(f"{path} cannot be read: {error}. {location_note}", hint=hint, path=str(path))

    def _replace(self, path: Path, content: bytes) -> None:
        temp_path = self._build_temp_path(path)
        try:
            temp_path.unlink(missing_ok=True)  # of a dead process that had our pid
            private_files.create_private(temp_path, content)
        except OSError as error:
            raise private_files.build_store_error(error, path) from error
        try:
            temp_path.replace(path)
            private_files.sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                temp_path.unlink()
            raise private_files.build_store_error(
                error, path, "The old record or the new one is there, whole."
            ) from error

    def _iter_files(self, suffix: str) -> Iterator[Path]:
        try:
            yield from (path for path in self.folder.iterdir() if path.name.endswith(suffix))
        except OSError as error:
            raise private_files.build_store_error(error, self.folder) from error

    def _read_key(self, path: Path) -> str | None:
        """Return the key of a record's file; a shortened name has it inside. None when it is gone or damaged."""
        key = record_codec.decode_key(path.name.removesuffix(".json"))
        if key is not None:
            return key
        try:
            return record_codec.read_key(private_files.read_file(path) or b"")
        except record_codec.CorruptRecord:  # reading it by its key tells what is wrong
            return None

    def _remove_stale_temps(self) -> None:
        """Remove what interrupted writes left: whoever writes holds the lock of that name, so who has it may clean."""
        for temp_path in list(self._iter_files(".tmp")):
            lock_name = temp_path.name.partition(".")[0]
            with contextlib.suppress(StoreError, OSError), self._locks.hold(lock_name, 0.0, "write", name=lock_name):
                temp_path.unlink(missing_ok=True)


def get_default_folder() -> Path:
    """Return where this user's store is when nothing names another place."""
    import platformdirs  # noqa: PLC0415  a store elsewhere need not load it

    return Path(platformdirs.user_data_dir("connector")) / "store"
