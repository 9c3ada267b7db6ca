"""Encryption at rest: a store that keeps only sealed records in another store, and the keys that open them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError, UsageError
from connector.runtime.storage.record_codec import dump
from connector.runtime.storage.store import Kept, where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from cryptography.fernet import MultiFernet

    from connector.runtime.storage.store import Store

VARIABLE = "CONNECTOR_KEY"
PATIENCE = 60.0  # seconds that `rotate` waits for a renewal that is under way
_SHAPE = {"sealed", "key"}
_EXPECTED = "A key is 32 random bytes in URL-safe base64, 44 characters; "
_EXPECTED += "connector.runtime.storage.encryption.new_key() makes one."


def new_key() -> str:
    """Return a new key for CONNECTOR_KEY: 32 random bytes in URL-safe base64."""
    return str(_library().Fernet.generate_key().decode())


class Keys:
    """The keys of a store: the first one seals, each of them opens. Only fingerprints are ever shown."""

    def __init__(self, fernet: MultiFernet, fingerprints: tuple[str, ...]) -> None:
        self._fernet = fernet
        self.fingerprints = fingerprints

    @classmethod
    def of(cls, texts: Iterable[str], *, source: str = "the keys") -> Keys:
        """Make keys of texts. Raises UsageError, which says which one is wrong and never shows it."""
        library = _library()
        made, fingerprints = [], []
        for number, text in enumerate(texts, 1):
            try:
                made.append(library.Fernet(text))
            except ValueError:
                raise UsageError(f"Key {number} of {source} is not a key.", hint=_EXPECTED) from None
            fingerprints.append(_fingerprint(text))
        if not made:
            raise UsageError(f"There is no key in {source}.", hint=_EXPECTED)
        return cls(library.MultiFernet(made), tuple(fingerprints))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Keys | None:
        """Return the keys of CONNECTOR_KEY, or of the file that CONNECTOR_KEY_FILE names; None when neither is set.

        Keys are separated by commas, spaces or lines; to rotate, put the new one first. Raises UsageError.
        """
        known = os.environ if environ is None else environ
        if known.get(VARIABLE):
            return cls.of(_split(known[VARIABLE]), source=VARIABLE)
        path = known.get(f"{VARIABLE}_FILE")
        if not path:
            return None
        reason = ""
        try:
            return cls.of(_split(Path(path).read_text("utf-8")), source=path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except UnicodeDecodeError:
            reason = "it is not text"
        raise UsageError(f"{VARIABLE}_FILE names {path}, which cannot be read: {reason}.", hint="Name a file of keys.")

    def seal(self, key: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return data as a sealed record that opens under this key of the store only."""
        plain = dump({"for": key, "data": dict(data)})
        return {"sealed": self._fernet.encrypt(plain.encode()).decode(), "key": self.fingerprints[0]}

    def open(self, key: str, sealed: Mapping[str, Any], place: str = "the store") -> dict[str, Any]:
        """Return the data of a sealed record. Raises StoreError for a missing key and for a changed record."""
        self.check(key, sealed, place)
        why = "does not open: it was changed"
        try:
            found: dict[str, Any] = json.loads(self._fernet.decrypt(str(sealed["sealed"])))
            if found["for"] == key:
                return dict(found["data"])
            why = "was sealed for another key of the store"
        except _library().InvalidToken:
            pass
        raise StoreError(
            f"The record {key!r} in {place} {why}. It stays where it is.",
            hint="Put a good copy in its place, or remove it and sign in again.",
            path=place,
        )

    def check(self, key: str, sealed: Mapping[str, Any], place: str = "the store") -> None:
        """Raise StoreError when a record is sealed with none of these keys."""
        if sealed["key"] not in self.fingerprints:
            raise _locked(key, sealed, place, f"and given are {', '.join(self.fingerprints)}")

    def __repr__(self) -> str:
        return f"Keys({', '.join(self.fingerprints)})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise UsageError("Keys are not pickled.", hint="Make them where they are needed: Keys.from_env().")


class _Around:
    """What both stores around another one have in common."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def remove(self, key: str) -> bool:
        """Forget a record, sealed with whichever key; return whether there was one."""
        return self.store.remove(key)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        return self.store.keys(prefix)

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key of the store alone."""
        return self.store.lock(key, timeout)


class Clear(_Around):
    """Keeps records in clear in another store, and leaves sealed ones alone."""

    def read(self, key: str) -> Kept | None:
        """Return the record, or None. Raises StoreError for a sealed one."""
        kept = self.store.read(key)
        if kept is not None and _is_sealed(kept):
            raise _locked(key, kept.data, where(self.store), f"and {VARIABLE} is not set")
        return kept

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data, unless a sealed record stands there."""
        self.read(key)
        return self.store.write(key, data, version=version)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError when a write of `size` bytes would fail now."""
        self.store.prepare(key, size)

    def __repr__(self) -> str:
        return f"Clear({self.store!r})"


class Sealed(_Around):
    """Keeps records sealed in another store; one that stands there in clear is read, and sealed when written."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store)
        self.given = keys

    def read(self, key: str) -> Kept | None:
        """Return the record, or None. A record that does not open is a StoreError, never None."""
        kept = self.store.read(key)
        if kept is None or not _is_sealed(kept):
            return kept
        return Kept(self.given.open(key, kept.data, where(self.store)), kept.version)

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data sealed with the first key, unless a record stands there that none of the keys opens."""
        kept = self.store.read(key)
        if kept is not None and _is_sealed(kept):
            self.given.check(key, kept.data, where(self.store))
        return self.store.write(key, self.given.seal(key, data), version=version)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError when a write of `size` bytes would fail now; a sealed record is a third longer."""
        self.store.prepare(key, size * 4 // 3 + 256)

    def __repr__(self) -> str:
        return f"Sealed({self.store!r}, {self.given!r})"


def rotate(store: Sealed) -> int:
    """Seal every record that is not sealed with the first key with that key; return how many were.

    Each is locked meanwhile, so that no renewal is lost. Goes on past a record that does not open, and then raises
    StoreError that names all of those.
    """
    done, failed = 0, []
    for key in store.keys():  # noqa: SIM118  a store is no mapping
        try:
            with store.lock(key, PATIENCE):
                done += _resealed(store, key)
        except StoreError as error:
            failed.append(error)
    if failed:
        told = "\n".join(f"  {error}" for error in failed)
        message = f"{done} records were sealed anew, and {len(failed)} were not:\n{told}\n"
        raise StoreError(message, hint="The others are done; mend these and do it again.", path=failed[0].path)
    return done


def _resealed(store: Sealed, key: str) -> bool:
    raw = store.store.read(key)
    if raw is None or (_is_sealed(raw) and raw.data["key"] == store.given.fingerprints[0]):
        return False
    kept = store.read(key)
    if kept is not None:
        store.write(key, kept.data, version=kept.version)
    return kept is not None


def _is_sealed(kept: Kept) -> bool:
    return set(kept.data) == _SHAPE


def _locked(key: str, sealed: Mapping[str, Any], place: str, but: str) -> StoreError:
    hint = f"Add that key to {VARIABLE}; or, if it is lost, remove the record and sign in again."
    message = f"The record {key!r} in {place} is sealed with key {sealed['key']}, {but}. It stays where it is."
    return StoreError(message, hint=hint, path=place)


def _fingerprint(text: str) -> str:
    return hashlib.sha256(b"connector key " + text.encode()).hexdigest()[:12]


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _library() -> Any:
    try:
        from cryptography import fernet  # noqa: PLC0415  an extra
    except ImportError:
        hint = "Run: pip install 'connector[crypto]'"
        raise UsageError("Sealed records need the package cryptography.", hint=hint) from None
    return fernet
