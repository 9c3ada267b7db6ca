"""Every store passes the same tests: records, versions, keys, locks."""

from __future__ import annotations

import math
import pickle
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import private_postgres

from connector import errors
from connector.runtime.storage.encryption import EncryptedStore, Keyring, generate_key
from connector.runtime.storage.memory_store import MemoryStore
from connector.runtime.storage.open import open_store
from connector.runtime.storage.store import StoredRecord

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
DATA = st.dictionaries(ANY_TEXT, JSON, max_size=5)
KINDS = ["memory", "file", "sqlite", "postgres", "sealed"]


@pytest.fixture(scope="module", params=KINDS)
def store(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "memory":
        return MemoryStore()
    if request.param == "postgres":
        return open_store(private_postgres.fresh())
    if request.param == "sealed":
        return EncryptedStore(open_store(f"file:{folder}/sealed").store, Keyring.from_texts([generate_key()]))
    return open_store({"file": f"file:{folder}/store", "sqlite": f"sqlite:///{folder}/deep/store.db"}[request.param])


@pytest.fixture
def key(request):
    return f"connection:{request.node.name}"


def test_what_was_never_written_is_none(store, key):
    assert store.read(key) is None
    assert store.remove(key) is False


def test_versions_grow_by_one_from_one(store, key):
    assert [store.write(key, {"turn": turn}) for turn in range(3)] == [1, 2, 3]
    assert store.read(key) == StoredRecord({"turn": 2}, 3)


def test_a_write_over_another_version_is_a_conflict_and_changes_nothing(store, key):
    store.write(key, {"who": "first"}, version=0)
    for stale in (0, 2, 7):
        with pytest.raises(errors.StoreError, match="another writer") as caught:
            store.write(key, {"who": "late"}, version=stale)
        assert caught.value.conflict
        assert pickle.loads(pickle.dumps(caught.value)).conflict
    assert store.read(key) == StoredRecord({"who": "first"}, 1)
    assert store.write(key, {"who": "next"}, version=1) == 2


def test_a_write_of_a_version_where_nothing_is_kept_is_a_conflict(store, key):
    with pytest.raises(errors.StoreError) as caught:
        store.write(key, {}, version=4)
    assert caught.value.conflict
    assert store.read(key) is None


def test_removing_forgets_and_says_so(store, key):
    store.write(key, {"a": 1})
    assert store.remove(key) is True
    assert store.read(key) is None
    assert store.write(key, {"a": 2}, version=0) == 1


def test_keys_are_those_of_a_prefix_sorted(store):
    names = ["pre:b", "pre:a", "pre:" + "long" * 200, "PRE:a", "pre", "pr%", "pre_x", "pre:\U0001f511"]
    for name in names:
        store.write(name, {})
    assert store.keys("pre:") == sorted(name for name in names if name.startswith("pre:"))
    assert set(names) <= set(store.keys())
    assert store.keys("nothing begins so") == []


def test_keys_that_differ_in_case_are_two(store):
    store.write("Case", {"is": "upper"})
    store.write("case", {"is": "lower"})
    assert store.read("Case").data == {"is": "upper"}
    assert store.read("case").data == {"is": "lower"}


def test_any_text_is_a_key_and_any_json_comes_back_as_it_was(store):
    @settings(max_examples=8 if "Sql" in repr(store) else 40, deadline=None)
    @given(key=ANY_TEXT | st.text(min_size=300, max_size=600), data=DATA)
    def check(key, data):
        before = store.read(key)
        version = store.write(key, data)
        assert version == (before.version if before else 0) + 1
        assert store.read(key).data == data
        assert key in store.keys(key)

    check()


def test_what_comes_back_is_the_callers_own(store, key):
    given_data = {"list": [1]}
    store.write(key, given_data)
    given_data["list"].append(2)
    store.read(key).data["list"].append(3)
    assert store.read(key).data == {"list": [1]}


@pytest.mark.parametrize("bad", [math.nan, math.inf, {1, 2}, b"bytes", object(), {"deep": 10**5000}])
def test_what_is_not_json_is_refused_without_being_shown(store, key, bad):
    with pytest.raises(errors.UsageError, match="not JSON") as caught:
        store.write(key, {"token": "canary", "bad": bad})
    assert "canary" not in str(caught.value)
    assert store.read(key) is None


def test_preparing_leaves_nothing_behind(store, key):
    store.write(key, {"a": 1})
    known = store.keys()
    store.prepare(key)
    store.prepare("connection:never written", 100_000)
    assert store.keys() == known
    assert store.read(key) == StoredRecord({"a": 1}, 1)


def test_a_kept_record_shows_no_data(store, key):
    store.write(key, {"token": "canary"})
    kept = store.read(key)
    assert "canary" not in repr(kept)
    assert "canary" not in f"{store!r}"


def test_a_lock_keeps_other_threads_out_and_another_key_does_not_wait(store, key):
    said = []

    def other():
        with store.lock(f"{key} another", 5.0):
            said.append("another key")
        try:
            with store.lock(key, 0.05):
                said.append("inside")
        except errors.StoreError as error:
            said.append(error)

    with store.lock(key, 5.0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert said[0] == "another key"
    assert "locked by process" in str(said[1])
    assert said[1].retryable
    with store.lock(key, 0.05):
        pass


def test_a_lock_is_freed_when_its_block_fails(store, key):
    with pytest.raises(ZeroDivisionError), store.lock(key, 5.0):
        1 / 0  # noqa: B018
    with store.lock(key, 0.5):
        pass


def test_reading_and_writing_need_no_lock(store, key):
    with store.lock(key, 5.0):
        assert store.write(key, {"from": "inside"}) == 1
        thread = threading.Thread(target=store.write, args=(key, {"from": "outside"}))
        thread.start()
        thread.join()
        assert store.read(key) == StoredRecord({"from": "outside"}, 2)


def test_writers_in_threads_lose_no_update(store, key):
    def count():
        for _ in range(5):
            while True:
                kept = store.read(key)
                number, version = (kept.data["number"], kept.version) if kept else (0, 0)
                try:
                    store.write(key, {"number": number + 1}, version=version)
                except errors.StoreError as error:
                    assert error.conflict  # noqa: PT017
                else:
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read(key) == StoredRecord({"number": 20}, 20)


@pytest.mark.parametrize(
    "url", ["mysql://h/d", "redis://h", "nonsense", "memory:x", "sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///x",
            "postgresql+psycopg2://h/d", "postgresql://user:canary@host:port/d", "file://elsewhere/x", "sqlite:///x?mode=ro"],
)  # fmt: skip
def test_a_url_that_names_no_store_is_refused_without_being_shown(url):
    with pytest.raises(errors.UsageError) as caught:
        open_store(url)
    assert "canary" not in str(caught.value)


def test_the_store_of_this_user_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("CONNECTOR_KEY", raising=False)
    open_store(None).write("connection:work", {"a": 1})
    assert (tmp_path / "connector" / "store" / "connection%3Awork.json").is_file()
    assert open_store(f"file://{tmp_path}/connector/store").read("connection:work").data == {"a": 1}


def test_the_environment_may_name_another_for_programs_too(tmp_path, monkeypatch):
    monkeypatch.setenv("CONNECTOR_STORE", f"file:{tmp_path}/shared")
    open_store().write("connection:work", {"a": 1})
    assert (tmp_path / "shared" / "connection%3Awork.json").is_file()
    (tmp_path / "url").write_text(f"file:{tmp_path}/other\n")
    monkeypatch.setenv("CONNECTOR_STORE", "")
    monkeypatch.setenv("CONNECTOR_STORE_FILE", str(tmp_path / "url"))
    assert open_store().read("connection:work") is None
    assert open_store(f"file:{tmp_path}/shared").read("connection:work").data == {"a": 1}
