"""Encryption at rest: keys, and a store that seals its records in another store."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError, UsageError
from connector.runtime.process.command_lines import format_command
from connector.runtime.process.extras import require
from connector.runtime.storage.record_codec import dump_json
from connector.runtime.storage.store import StoredRecord, describe_store, hold_session, list_first_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from cryptography.fernet import MultiFernet

    from connector.runtime.storage.store import Store

KEY_VARIABLE = "CONNECTOR_KEY"
KEY_NAMES = f"{KEY_VARIABLE} or {KEY_VARIABLE}_FILE"  # where a key is set, for a message
ROTATE_LOCK_TIMEOUT = 60.0  # seconds that `rotate` waits for a token refresh
_log = logging.getLogger("connector")
_ENCRYPTED_FIELDS = {"sealed", "key"}
_KEY_FORMAT_HINT = "A key is 32 random bytes in URL-safe base64, 44 characters; "
_KEY_FORMAT_HINT += "'connector connections key' prints a new one."


def generate_key() -> str:
    """Return a new key for CONNECTOR_KEY: 32 random bytes in URL-safe base64."""
    return str(_load_fernet().Fernet.generate_key().decode())


def find_exposed_mode(path: Path) -> int | None:
    """Return the mode of a key file that is open to other users, else None. Raises OSError."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO) else None


class Keyring:
    """The keys of a store: the first one encrypts, each of them decrypts. Only fingerprints are shown."""

    def __init__(self, fernet: MultiFernet, texts: Sequence[str]) -> None:
        self._fernet, self._texts = fernet, texts
        self.fingerprints = tuple(map(_compute_fingerprint, texts))

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, source: str = "the keys") -> Keyring:
        """Parse keys. Raises UsageError with the number of the wrong key, never the key."""
        fernet_module = _load_fernet()
        fernets, keys = [], list(texts)
        for number, text in enumerate(keys, 1):
            try:
                fernets.append(fernet_module.Fernet(text))
            except ValueError:
                raise UsageError(f"Key {number} of {source} is not a valid key.", hint=_KEY_FORMAT_HINT) from None
        if not fernets:
            raise UsageError(f"{source} contains no key.", hint=_KEY_FORMAT_HINT)
        return cls(fernet_module.MultiFernet(fernets), keys)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Keyring | None:
        """Return the keys of CONNECTOR_KEY, or of the file that CONNECTOR_KEY_FILE names; None when neither is set.

        Commas, spaces or line breaks separate keys; to rotate, put the new one first. Raises UsageError.
        """
        variables = os.environ if environ is None else environ
        if variables.get(KEY_VARIABLE):
            return cls.from_texts(_split_keys(variables[KEY_VARIABLE]), source=KEY_VARIABLE)
        path = variables.get(f"{KEY_VARIABLE}_FILE")
        return cls.from_file(Path(path)) if path else None

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        """Return the keys of a file, which is told to be open to others if it is. Raises UsageError."""
        reason = ""
        try:
            exposed = find_exposed_mode(path)
            keyring = cls.from_texts(_split_keys(path.read_text("utf-8")), source=str(path))
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except UnicodeDecodeError:
            reason = "it is not text"
        else:
            if exposed is not None:
                quoted = shlex.quote(str(path))
                _log.warning("The key file %s is open to other users (mode %04o): chmod 600 %s", path, exposed, quoted)
            return keyring
        raise UsageError(f"The key file {path} cannot be read: {reason}.", hint="Name a readable file of keys.")

    def reveal(self) -> str:
        """Return the keys as a key file has them."""
        return "".join(f"{text}\n" for text in self._texts)

    def encrypt(self, key: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return data as a sealed record, which can be decrypted under this key of the store only."""
        plaintext = dump_json({"for": key, "data": dict(data)})
        return {"sealed": self._fernet.encrypt(plaintext.encode()).decode(), "key": self.fingerprints[0]}

    def decrypt(self, key: str, encrypted: Mapping[str, Any], store_name: str = "the store") -> dict[str, Any]:
        """Return the data of a sealed record. Raises StoreError for a missing key or a changed record."""
        _require_key(self, key, encrypted, store_name)
        problem = "cannot be decrypted: it was changed"
        try:
            payload: dict[str, Any] = json.loads(self._fernet.decrypt(str(encrypted["sealed"])))
            if payload["for"] == key:
                return dict(payload["data"])
            problem = "was sealed for another key of the store"
        except _load_fernet().InvalidToken:
            pass
        raise StoreError(
            f"The record {key!r} in {store_name} {problem}. It stays where it is.",
            hint="Restore a good copy, or remove it and sign in again.",
            path=store_name,
        )

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.fingerprints)})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise UsageError("A keyring is not pickled.", hint="Create it where it is needed: Keyring.from_env().")


class EncryptedStore:
    """Encrypts the records of another store with a keyring; without one it stores plaintext.

    With a keyring a plaintext record is refused: whoever can write to the place could otherwise put a record of his own
    there; `rotate` encrypts those that were stored before there was a key. Without one an encrypted record is refused,
    and never overwritten.
    """

    def __init__(self, store: Store, keyring: Keyring | None) -> None:
        self.store, self.keyring = store, keyring

    def __repr__(self) -> str:
        return f"EncryptedStore({self.store!r}, {self.keyring!r})"

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None. Raises StoreError for one that cannot be decrypted, or is not encrypted."""
        stored = self.store.read(key)
        if stored is None:
            return None
        store_name = describe_store(self.store)
        if not _is_encrypted(stored):
            if self.keyring is None:
                return stored
            message = f"The record {key!r} in {store_name} is not encrypted, and a key is set: anybody may have put it"
            rotate_command = format_command("connections", "rotate")
            hint = f"If it was stored before the key was set, '{rotate_command}' encrypts it. Else sign in again."
            raise StoreError(f"{message} there. It stays where it is.", hint=hint, path=store_name)
        keyring = _require_key(self.keyring, key, stored.data, store_name)
        return StoredRecord(keyring.decrypt(key, stored.data, store_name), stored.version)

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Encrypt with the first key and store, unless a record is there that no key decrypts."""
        content = data if self.keyring is None else self.keyring.encrypt(key, data)
        with self.session():
            stored = self.store.read(key)
            if stored is not None and _is_encrypted(stored):
                _require_key(self.keyring, key, stored.data, describe_store(self.store))
            return self.store.write(key, content, version=version)

    def remove(self, key: str) -> bool:
        """Remove a record, whichever key encrypted it; return whether there was one."""
        return self.store.remove(key)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a prefix, sorted."""
        return self.store.keys(prefix)

    def first_keys(self, prefix: str, limit: int) -> list[str]:
        """Return the first keys that begin with a prefix, at most `limit`."""
        return list_first_keys(self.store, prefix, limit)

    def session(self) -> AbstractContextManager[None]:
        """Use one connection for all work of this thread in a with block, where there are connections."""
        return hold_session(self.store)

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key of the store alone."""
        return self.store.lock(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError when a write of `size` bytes would fail now; encryption adds a third."""
        self.store.prepare(key, size if self.keyring is None else size * 4 // 3 + 256)


def find_keyring(store: Store) -> Keyring | None:
    """Return the keyring that a store encrypts with; None when it stores plaintext."""
    return store.keyring if isinstance(store, EncryptedStore) else None


def list_plaintext_keys(store: EncryptedStore) -> list[str]:
    """Return the keys of the records that are not encrypted."""
    raw_records = ((key, store.store.read(key)) for key in store.keys())  # noqa: SIM118  a store is not a mapping
    return [key for key, raw in raw_records if raw is not None and not _is_encrypted(raw)]


def rotate(store: EncryptedStore) -> int:
    """Seal every record with the first key; return how many were not sealed with it before.

    Each record is locked meanwhile, so that no token refresh is lost. Continues after a record that cannot be
    decrypted, and then raises StoreError that names all of these.
    """
    count, errors = 0, []
    for key in store.keys():  # noqa: SIM118  a store is not a mapping
        try:
            with store.lock(key, ROTATE_LOCK_TIMEOUT):
                count += _reencrypt(store, key)
        except StoreError as error:
            errors.append(error)
    if errors:
        details = "\n".join(f"  {error}" for error in errors)
        message = f"Records sealed again: {count}; not sealed: {len(errors)}:\n{details}\n"
        raise StoreError(message, hint="Fix these records and rerun; the others are done.", path=errors[0].path)
    return count


def _reencrypt(store: EncryptedStore, key: str) -> bool:
    assert store.keyring is not None
    raw = store.store.read(key)
    if raw is None or (_is_encrypted(raw) and raw.data["key"] == store.keyring.fingerprints[0]):
        return False
    stored = store.read(key) if _is_encrypted(raw) else raw
    if stored is not None:
        store.write(key, stored.data, version=stored.version)
    return stored is not None


def _is_encrypted(stored: StoredRecord) -> bool:
    return set(stored.data) == _ENCRYPTED_FIELDS


def _require_key(keyring: Keyring | None, key: str, encrypted: Mapping[str, Any], store_name: str) -> Keyring:
    """Return the keyring. Raises StoreError when it lacks the key that encrypted a record."""
    if keyring is not None and encrypted["key"] in keyring.fingerprints:
        return keyring
    available = f"no key is set ({KEY_NAMES})" if keyring is None else f"given are {', '.join(keyring.fingerprints)}"
    message = f"The record {key!r} in {store_name} is sealed with key {encrypted['key']}, and {available}."
    hint = f"Set that key with {KEY_NAMES}; or, if it is lost, remove the record and sign in again."
    raise StoreError(f"{message} It stays where it is.", hint=hint, path=store_name)


def _compute_fingerprint(text: str) -> str:
    return hashlib.sha256(b"connector key " + text.encode()).hexdigest()[:12]


def _split_keys(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _load_fernet() -> Any:
    require("crypto", "cryptography")
    from cryptography import fernet

    return fernet
