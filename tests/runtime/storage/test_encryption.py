"""Encryption at rest: no plaintext on disk, a wrong key is never an empty store, keys can rotate."""

from __future__ import annotations

import base64
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import private_postgres

from connector import errors
from connector.runtime.storage.encryption import (
    EncryptedStore,
    Keyring,
    find_keyring,
    generate_key,
    list_plaintext_keys,
    rotate,
)
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store
from connector.runtime.storage.sql_store import SqlStore

KEY = "connection:work"
CANARY = "canary-refresh-token-31337"
OLD, NEW, OTHER = generate_key(), generate_key(), generate_key()


@pytest.fixture
def inner(tmp_path):
    return FileStore(tmp_path / "store")


@pytest.fixture
def sealed(inner):
    return EncryptedStore(inner, Keyring.from_texts([OLD]))


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch):
    monkeypatch.delenv("CONNECTOR_KEY", raising=False)
    monkeypatch.delenv("CONNECTOR_KEY_FILE", raising=False)


def spellings(text):
    """Return the encodings in which a text might be stored."""
    raw = text.encode()
    shifted = [base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, raw.hex().encode(), text.encode("utf-16-le"), *shifted]


# the canary


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_no_file_holds_the_token_in_clear(tmp_path, kind):
    url = {"file": f"file:{tmp_path}/store", "sqlite": f"sqlite:///{tmp_path}/store.db"}[kind]
    store = open_store(url, keys=Keyring.from_texts([OLD]))
    with store.lock(KEY, 1.0):
        for turn in range(3):
            store.prepare(KEY)
            store.write(KEY, {"token": CANARY, "turn": turn})
        held = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    held += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"sealed" in content for content in held)
    assert not [form for form in spellings(CANARY) for content in held if form in content]
    assert store.read(KEY).data == {"token": CANARY, "turn": 2}


def test_no_row_holds_the_token_in_clear():
    url = private_postgres.fresh()
    open_store(url, keys=Keyring.from_texts([OLD])).write(KEY, {"token": CANARY})
    rows = private_postgres.execute(url, "SELECT * FROM connector_store")
    assert "sealed" in str(rows)
    assert CANARY not in str(rows)


def test_the_same_record_never_looks_the_same_twice(sealed, inner):
    looks = set()
    for _ in range(20):
        sealed.write(KEY, {"token": CANARY})
        looks.add(inner.read(KEY).data["sealed"])
    assert len(looks) == 20


# F65: wrong key, rotation, moved and changed records


def test_a_wrong_key_is_no_empty_store(sealed, inner):
    sealed.write(KEY, {"token": CANARY})
    wrong = EncryptedStore(inner, Keyring.from_texts([OTHER, NEW]))
    needed = Keyring.from_texts([OLD]).fingerprints[0]
    for work in (lambda: wrong.read(KEY), lambda: wrong.write(KEY, {}), lambda: wrong.write(KEY, {}, version=1)):
        with pytest.raises(errors.StoreError, match=f"sealed with key {needed}.*CONNECTOR_KEY"):
            work()
    assert wrong.keys() == [KEY]
    assert sealed.read(KEY).data == {"token": CANARY}


def test_no_key_is_no_empty_store(tmp_path, sealed):
    sealed.write(KEY, {"token": CANARY})
    clear = open_store(f"file:{tmp_path}/store")
    for work in (lambda: clear.read(KEY), lambda: clear.write(KEY, {})):
        with pytest.raises(errors.StoreError, match=r"no key is set .CONNECTOR_KEY or CONNECTOR_KEY_FILE."):
            work()
    assert clear.remove(KEY) is True
    assert clear.write(KEY, {"token": "in clear"}) == 1


def test_an_old_key_still_opens_after_a_new_one_is_put_first(sealed, inner):
    sealed.write(KEY, {"token": CANARY})
    both = EncryptedStore(inner, Keyring.from_texts([NEW, OLD]))
    assert both.read(KEY).data == {"token": CANARY}
    both.write(KEY, {"token": "next"}, version=1)
    assert EncryptedStore(inner, Keyring.from_texts([NEW])).read(KEY).data == {"token": "next"}


def test_rotating_seals_every_record_with_the_first_key(sealed, inner):
    for number in range(4):
        sealed.write(f"connection:{number}", {"token": number})
    inner.write("connection:clear", {"token": "clear"})
    assert rotate(EncryptedStore(inner, Keyring.from_texts([NEW, OLD]))) == 5
    renewed = EncryptedStore(inner, Keyring.from_texts([NEW]))
    assert [renewed.read(f"connection:{number}").data for number in range(4)] == [{"token": n} for n in range(4)]
    assert renewed.read("connection:clear").data == {"token": "clear"}
    assert set(inner.read("connection:clear").data) == {"sealed", "key"}
    assert rotate(renewed) == 0


def test_rotating_goes_past_what_does_not_open_and_names_it(inner):
    EncryptedStore(inner, Keyring.from_texts([OTHER])).write("connection:lost", {})
    EncryptedStore(inner, Keyring.from_texts([OLD])).write("connection:good", {"token": 1})
    with pytest.raises(errors.StoreError, match=r"Records sealed again: 1; not sealed: 1:\n.*connection:lost"):
        rotate(EncryptedStore(inner, Keyring.from_texts([NEW, OLD])))
    assert EncryptedStore(inner, Keyring.from_texts([NEW])).read("connection:good").data == {"token": 1}


def test_rotating_waits_for_a_renewal_and_loses_no_token(tmp_path):
    class Inner(MemoryStore):
        """A store in which a token refresh ends just before the lock is acquired."""

        def lock(self, key, timeout):
            EncryptedStore(self, Keyring.from_texts([OLD])).write(key, {"token": "renewed"})
            return super().lock(key, timeout)

    inner = Inner()
    EncryptedStore(inner, Keyring.from_texts([OLD])).write(KEY, {"token": "old"})
    assert rotate(EncryptedStore(inner, Keyring.from_texts([NEW, OLD]))) == 1
    assert EncryptedStore(inner, Keyring.from_texts([NEW])).read(KEY).data == {"token": "renewed"}


def test_a_record_moved_to_another_key_does_not_open(sealed, inner):
    sealed.write("connection:boss", {"token": CANARY})
    inner.write("connection:me", inner.read("connection:boss").data)
    with pytest.raises(errors.StoreError, match="sealed for another key of the store") as caught:
        sealed.read("connection:me")
    assert CANARY not in str(caught.value)
    assert inner.read("connection:me") is not None


def test_a_changed_record_does_not_open_and_stays(sealed, inner):
    sealed.write(KEY, {"token": CANARY})
    raw = inner.read(KEY).data
    middle = len(raw["sealed"]) // 2
    letter = "A" if raw["sealed"][middle] != "A" else "B"
    inner.write(KEY, {**raw, "sealed": raw["sealed"][:middle] + letter + raw["sealed"][middle + 1 :]})
    with pytest.raises(errors.StoreError, match="cannot be decrypted: it was changed"):
        sealed.read(KEY)
    assert inner.read(KEY) is not None


def test_a_record_in_clear_is_refused_where_there_is_a_key(sealed, inner):
    inner.write(KEY, {"token": CANARY})
    with pytest.raises(errors.StoreError, match=r"not encrypted, and a key is set.*stays where it is") as caught:
        sealed.read(KEY)
    assert "connector connections rotate" in caught.value.hint
    assert CANARY not in repr(caught.value)


def test_records_in_clear_are_listed_and_sealed_by_a_rotation(sealed, inner):
    inner.write(KEY, {"token": CANARY})
    sealed.write("connection:play", {})
    assert list_plaintext_keys(sealed) == [KEY]
    assert rotate(sealed) == 1
    assert list_plaintext_keys(sealed) == []
    assert sealed.read(KEY).data == {"token": CANARY}


def test_a_record_in_clear_is_sealed_when_it_is_written_anew(sealed, inner):
    inner.write(KEY, {"token": CANARY})
    sealed.write(KEY, {"token": CANARY}, version=1)
    assert set(inner.read(KEY).data) == {"sealed", "key"}
    assert sealed.read(KEY).version == 2


def test_conflicts_and_versions_pass_through(sealed):
    assert sealed.write(KEY, {}, version=0) == 1
    with pytest.raises(errors.StoreError) as caught:
        sealed.write(KEY, {}, version=0)
    assert caught.value.conflict


def test_preparing_asks_for_the_room_that_a_sealed_record_takes(inner):
    asked = []
    inner.prepare = lambda key, size: asked.append(size)
    sealed = EncryptedStore(inner, Keyring.from_texts([OLD]))
    sealed.prepare(KEY, 9000)
    sealed.write(KEY, {"token": "x" * 8900})
    assert asked[0] >= len(inner.read(KEY).data["sealed"])


@given(key=st.text(st.characters(exclude_categories=())), data=st.dictionaries(st.text(), st.text() | st.integers()))
def test_what_is_sealed_opens_as_it_was(key, data):
    keys = Keyring.from_texts([OLD])
    assert keys.decrypt(key, keys.encrypt(key, data)) == data


# keys


def test_keys_come_from_the_environment_or_a_file_of_it(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{NEW}\n{OLD}\n")
    expected = Keyring.from_texts([NEW, OLD]).fingerprints
    assert Keyring.from_env({"CONNECTOR_KEY": f"{NEW},{OLD}"}).fingerprints == expected
    assert Keyring.from_env({"CONNECTOR_KEY": f" {NEW} {OLD} "}).fingerprints == expected
    assert Keyring.from_env({"CONNECTOR_KEY_FILE": str(file)}).fingerprints == expected
    assert Keyring.from_env({"CONNECTOR_KEY": OLD, "CONNECTOR_KEY_FILE": str(file)}).fingerprints == expected[1:]
    assert Keyring.from_env({"CONNECTOR_KEY": "", "CONNECTOR_KEY_FILE": ""}) is None
    assert Keyring.from_env({}) is None


@pytest.mark.parametrize(
    "environ",
    [
        {"CONNECTOR_KEY": "   "},
        {"CONNECTOR_KEY": f"{OLD},{CANARY}"},
        {"CONNECTOR_KEY": f"{OLD[:-4]}"},
        {"CONNECTOR_KEY": "ключ" * 11},
        {"CONNECTOR_KEY_FILE": "/nowhere/at/all"},
        {"CONNECTOR_KEY_FILE": "/"},
        {"CONNECTOR_KEY_FILE": "/dev/null"},
    ],
)
def test_bad_keys_are_refused_and_never_shown_nor_taken_for_none(environ):
    with pytest.raises(errors.UsageError) as caught:
        Keyring.from_env(environ)
    said = str(caught.value)
    assert CANARY not in said
    assert OLD[:-4] not in said
    assert caught.value.hint


def test_sealing_is_on_by_itself_when_the_environment_has_a_key(tmp_path, monkeypatch):
    url = f"file:{tmp_path}/store"
    assert find_keyring(open_store(url)) is None
    monkeypatch.setenv("CONNECTOR_KEY", OLD)
    store = open_store(url)
    assert find_keyring(store)
    store.write(KEY, {"token": CANARY})
    assert set(FileStore(tmp_path / "store").read(KEY).data) == {"sealed", "key"}
    assert find_keyring(open_store(f"sqlite:///{tmp_path}/x.db"))
    assert isinstance(open_store(f"sqlite:///{tmp_path}/x.db").store, SqlStore)


def test_keys_show_fingerprints_only_and_are_not_pickled():
    keys = Keyring.from_texts([OLD, NEW])
    assert repr(keys) == f"Keyring({keys.fingerprints[0]}, {keys.fingerprints[1]})"
    assert OLD not in repr(EncryptedStore(MemoryStore(), keys))
    with pytest.raises(errors.UsageError, match="not pickled"):
        pickle.dumps(keys)


def test_a_missing_package_names_the_extra():
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from connector.runtime.storage.encryption import Keyring\n"
        "from connector.errors import UsageError\n"
        f"try: Keyring.from_env({{'CONNECTOR_KEY': {OLD!r}}})\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[crypto]" in done.stdout or "the extra crypto of connector" in done.stdout
