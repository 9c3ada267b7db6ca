"""A folder is a connector: each file is read when it is asked for, and what is wrong is told with its place."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from connector import Client, Connector
from connector.definition import loader
from connector.errors import DefinitionError, InputError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "connector: things\nlabel: Things\nsummary: Things.\nbase_url: https://things.example\n"
ACTION = "action: listThings\nlabel: List Things\nsummary: List them.\nrequest: GET /things\n"


@pytest.fixture
def things(tmp_path: Path) -> Path:
    (tmp_path / "actions").mkdir()
    (tmp_path / "manifest.yaml").write_text(MANIFEST)
    (tmp_path / "actions/list-things.yaml").write_text(ACTION)
    return tmp_path


def test_the_bundled_connector_opens_without_a_folder() -> None:
    connector = Connector.open()
    assert connector.name == "zoom"
    assert len(connector.action_files) == 22


def test_a_file_is_read_when_its_action_is_first_asked_for_and_once(
    things: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    whole = loader.read_bytes
    monkeypatch.setattr(loader, "read_bytes", lambda path: read.append(path.name) or whole(path))
    connector = Connector.open(things)
    assert read == ["manifest.yaml"]
    assert connector.action("listThings") is connector.action("list_things")
    assert connector.action("list-things").path == "/things"
    assert read == ["manifest.yaml", "list-things.yaml"]


def test_one_broken_action_leaves_the_others_alone(things: Path) -> None:
    (things / "actions/get-thing.yaml").write_text("action: getThing\n")
    connector = Connector.open(things)
    assert connector.action("listThings").label == "List Things"
    with pytest.raises(DefinitionError, match=r"get-thing\.yaml:1:1: missing-word"):
        connector.action("getThing")


@pytest.mark.parametrize("name", ["listThing", "lst-things"])
def test_an_unknown_action_is_told_with_the_one_that_was_meant(things: Path, name: str) -> None:
    with pytest.raises(InputError, match="Did you mean 'listThings'"):
        Connector.open(things).action(name)


@pytest.mark.parametrize("name", ["../manifest", "a/b", "", ".", "list things", "\0"])
def test_a_name_never_leads_out_of_the_folder(things: Path, name: str) -> None:
    with pytest.raises(InputError):
        Connector.open(things).action(name)


def test_a_file_under_another_name_is_told(things: Path) -> None:
    (things / "actions/all-things.yaml").write_text(ACTION)
    with pytest.raises(DefinitionError, match=r"all-things\.yaml:1:1: file-name: .*list-things\.yaml"):
        Connector.open(things).action("allThings")


@pytest.mark.parametrize("stem", ["lamp-0", "Lamp0", "lamp0-"])
def test_a_file_whose_name_reads_as_the_key_but_is_not_its_own_is_told(things: Path, stem: str) -> None:
    (things / f"actions/{stem}.yaml").write_text(ACTION.replace("listThings", "lamp0"))
    for connector in (Connector.open(things), Connector.open(things)):
        with pytest.raises(DefinitionError, match=rf"{stem}\.yaml:1:1: file-name: .*must be named lamp0\.yaml"):
            connector.action("lamp0")
    assert connector.action("listThings").label == "List Things"


def test_a_folder_without_a_manifest_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        Connector.open(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "connector new" in caught.value.hint


def test_every_mistake_of_a_file_is_told_at_once(things: Path) -> None:
    (things / "actions/list-things.yaml").write_text(f"{ACTION}rat: light\nsubaccount: maybe\n")
    with pytest.raises(DefinitionError) as caught:
        Connector.open(things).action("listThings")
    assert [(finding.line, finding.rule) for finding in caught.value.findings] == [(5, "unknown-word"), (6, "type")]


@pytest.mark.parametrize(("text", "place"), [("{", (1, 2)), ("[]", (1, 1)), (None, (1, 1))])
def test_a_file_of_choices_or_a_schema_that_cannot_be_read_is_told(things: Path, text: str | None, place) -> None:
    (things / "schemas/choices").mkdir(parents=True)
    if text is not None:
        (things / "schemas/choices/colours.json").write_text(text)
    with pytest.raises(DefinitionError, match=r"colours\.json") as caught:
        Connector.open(things).choices("colours")
    assert (caught.value.line, caught.value.column) == place


def test_an_action_that_is_a_folder_is_told_and_not_read(things: Path) -> None:
    (things / "actions/get-thing.yaml").mkdir()
    with pytest.raises(InputError):
        Connector.open(things).action("getThing")


def test_the_only_folder_with_a_manifest_inside_the_package_is_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "connector"
    (package / "lamps").mkdir(parents=True)
    monkeypatch.setattr(loader, "__file__", str(package / "definition" / "loader.py"))
    assert loader.find_bundled_folder() == tmp_path, "the checkout around the package"
    (package / "lamps" / "manifest.yaml").write_text(MANIFEST)
    assert loader.find_bundled_folder() == package / "lamps"


def test_a_connector_pickles_and_copies_by_its_folder(things: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(things.parent)
    connector = Connector.open(things.name)
    Client(connector).dry_run("listThings")  # so that something was compiled, which does not pickle
    for make in (lambda: pickle.loads(pickle.dumps(connector)), lambda: copy.deepcopy(connector)):
        monkeypatch.chdir(things.parent)
        other = make()
        monkeypatch.chdir(things)
        assert other.action("listThings").path == "/things"
        assert Client(other).dry_run("listThings").path == "/things"


def test_the_bundled_connector_is_found_anew_where_it_is_unpickled() -> None:
    data = pickle.dumps(Connector.open())
    assert str(loader.find_bundled_folder()).encode() not in data
    assert pickle.loads(data).name == "zoom"


def test_a_connector_of_parts_that_are_given_pickles_with_them(things: Path) -> None:
    opened = Connector.open(things)
    (action,) = opened.actions()
    given = Connector(things / "nowhere", opened.manifest, actions=[action], choices={"colours": {"r": "Red"}})
    other = pickle.loads(pickle.dumps(given))
    assert other.action("listThings") == action
    assert other.choices("colours") == {"r": "Red"}
