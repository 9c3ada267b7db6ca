"""A folder that was imported is imported again: files follow the vendor, and an author's stay."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from connector import Connector
from connector.authoring.importing.merge import folder_merge
from connector.authoring.importing.merge.folder_merge import MergePlan, NewFile, plan_merge
from connector.authoring.importing.merge.record import ImportRecord, Source
from connector.authoring.importing.merge.report import MergeReport
from connector.authoring.importing.yaml_writer import write_yaml
from connector.errors import DefinitionError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

RECORD = ImportRecord(sources=(Source.of("lamps.json", b"{}"),), version="1.0", left_out={"GET /odd": "no reply."})


def render(path: str, words: dict[str, Any]) -> str:
    return json.dumps(words, indent=2) + "\n" if path.endswith(".json") else write_yaml(words)


def build_action(key: str, request: str, **inputs: dict[str, Any]) -> NewFile:
    fields = {
        name: {"label": name.title(), "help": f"The {name}.", "type": "string", "to": f"query.{name}", **words}
        for name, words in inputs.items()
    }
    words = {"action": key, "label": key.title(), "summary": f"It does {key}.", "request": request, "inputs": fields}
    return NewFile({**words, "returns": {"schema": "lamp", "example": {"id": 1}}}, request)


@pytest.fixture
def vendor() -> dict[str, NewFile]:
    """What an import makes: a manifest, two actions and a schema."""
    return {
        "manifest.yaml": NewFile(
            {"connector": "lamps", "label": "Lamps", "summary": "Lamps.", "base_url": "https://lamps.example"}
        ),
        "actions/list-lamps.yaml": build_action("listLamps", "GET /lamps", room={"max": 20}, limit={}),
        "actions/get-lamp.yaml": build_action("getLamp", "GET /lamps/{id}", id={"to": "path.id", "required": True}),
        "schemas/objects/lamp.json": NewFile({"type": "object", "properties": {"id": {"type": "integer"}}}),
    }


@pytest.fixture
def folder(tmp_path: Path, vendor: dict[str, NewFile]) -> Path:
    """A folder into which these were imported."""
    plan_merge(tmp_path, vendor, RECORD, render).apply()
    return tmp_path


def import_again(folder: Path, vendor: dict[str, NewFile], **options: Any) -> tuple[MergePlan, MergeReport]:
    plan = plan_merge(folder, vendor, RECORD, render, **options)
    plan.apply()
    return plan, MergeReport.build(plan)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_import_changes_nothing(folder, vendor):
    before = read_all(folder)
    plan, report = import_again(folder, vendor)
    assert plan.changes == {}
    assert read_all(folder) == before
    assert report == MergeReport((), (), (), (), ())


def test_what_an_authors_own_files_say_is_not_said_twice(tmp_path, vendor):
    own = tmp_path / "schemas" / "events" / "lights.json"
    own.parent.mkdir(parents=True)
    own.write_text('{"lamp.on": {"body": {"id": "integer id"}}}', encoding="utf-8")
    (tmp_path / "manifest.yaml").write_text("connector: lamps\nresources: {}\n", encoding="utf-8")
    event = {"body": {"id": "integer"}}
    vendor["schemas/events/lamps.json"] = NewFile({"lamp.on": event, "lamp.off": event})
    vendor["schemas/events/others.json"] = NewFile({"lamp.on": event})
    vendor["resources.yaml"] = NewFile({"lamps": {"item": "/lamps/{id}", "id": "id"}})
    for _ in range(2):
        _, report = import_again(tmp_path, vendor)
        assert {*read_all(tmp_path)} == {
            "manifest.yaml", "actions/get-lamp.yaml", "actions/list-lamps.yaml", "schemas/objects/lamp.json",
            "schemas/events/lights.json", "schemas/events/lamps.json", "import.json",
        }  # fmt: skip
        assert json.loads((tmp_path / "schemas/events/lamps.json").read_text(encoding="utf-8")) == {"lamp.off": event}
        assert "resources.yaml: your manifest has the resources; they stay." in report.remarks


def test_an_untouched_file_is_as_if_it_were_imported_for_the_first_time(folder, vendor, tmp_path_factory):
    vendor["actions/list-lamps.yaml"].words["inputs"]["colour"] = {
        "label": "Colour", "help": "The colour.", "type": "string", "to": "query.colour",
    }  # fmt: skip
    import_again(folder, vendor)
    afresh = tmp_path_factory.mktemp("afresh")
    plan_merge(afresh, vendor, RECORD, render).apply()
    assert read_all(folder) == read_all(afresh)


def test_authors_words_stay_and_both_is_told(folder, vendor):
    path = folder / "actions" / "list-lamps.yaml"
    edit(path, "max: 20", "max: 30  # agreed with the vendor")
    words = vendor["actions/list-lamps.yaml"].words
    words["inputs"]["room"]["max"] = 25
    words["inputs"]["limit"]["help"] = "At most so many."
    _, report = import_again(folder, vendor)
    assert "max: 30  # agreed with the vendor" in path.read_text(encoding="utf-8")
    assert "At most so many." in path.read_text(encoding="utf-8")
    assert report.conflicts == ("actions/list-lamps.yaml: inputs.room.max stays 30; the vendor now says 25.",)
    assert import_again(folder, vendor)[1].conflicts == ()  # it is told once


def test_an_action_with_another_key_is_found_by_its_request(folder, vendor):
    old, new = folder / "actions" / "list-lamps.yaml", folder / "actions" / "find-lamps.yaml"
    edit(old, "action: listLamps", "action: findLamps")
    old.rename(new)
    vendor["actions/list-lamps.yaml"].words["summary"] = "They are listed."
    choices = {"action": "listLamps", "items": "lamps", "value": "id", "label": "id"}
    vendor["actions/get-lamp.yaml"].words["inputs"]["id"]["choices_from"] = choices
    import_again(folder, vendor)
    assert not old.exists()
    connector = Connector.open(folder)
    assert connector.action("findLamps").summary == "They are listed."
    assert connector.action("getLamp").inputs["id"].choices_from.action == "findLamps"


def test_a_key_that_the_import_would_now_choose_otherwise_is_pinned(folder, vendor):
    action = vendor.pop("actions/list-lamps.yaml")
    inputs = {"place" if key == "room" else key: words for key, words in action.words["inputs"].items()}
    words = {**action.words, "action": "searchLamps", "inputs": inputs}
    vendor["actions/search-lamps.yaml"] = NewFile(words, action.request)
    plan, _ = import_again(folder, vendor)
    assert plan.changes == {}
    assert list(Connector.open(folder).action("listLamps").inputs) == ["room", "limit"]


def test_what_the_vendor_has_no_more_goes_unless_the_author_changed_it(folder, vendor):
    edit(folder / "actions" / "get-lamp.yaml", "It does getLamp.", "It gets one lamp.")
    del vendor["actions/get-lamp.yaml"], vendor["actions/list-lamps.yaml"], vendor["schemas/objects/lamp.json"]
    _, report = import_again(folder, vendor)
    assert not (folder / "actions" / "list-lamps.yaml").exists()
    assert (folder / "actions" / "get-lamp.yaml").exists()
    assert (folder / "schemas" / "objects" / "lamp.json").exists()  # get-lamp.yaml names it
    assert report.remarks == (
        "actions/get-lamp.yaml: the vendor has it no more; it stays, because you changed it.",
        "actions/list-lamps.yaml: the vendor has it no more.",
        "schemas/objects/lamp.json: the vendor has it no more; it stays, because a file of yours names it.",
    )


def test_what_the_author_deleted_stays_away(folder, vendor):
    (folder / "actions" / "get-lamp.yaml").unlink()
    vendor["actions/get-lamp.yaml"].words["summary"] = "It is new."
    for _ in range(2):
        plan, report = import_again(folder, vendor)
        assert plan.changes == {}
        assert report.remarks == ("actions/get-lamp.yaml: you deleted it; it stays away.",)


def test_files_of_the_author_are_never_touched(folder, vendor):
    own = folder / "actions" / "dim-lamp.yaml"
    own.write_text("action: dimLamp\nlabel: Dim\nsummary: It dims.\nrequest: POST /lamps/dim\n", encoding="utf-8")
    taken = folder / "actions" / "turn-off.yaml"
    taken.write_text("action: turnOff\nlabel: Off\nsummary: All off.\nrequest: POST /off\n", encoding="utf-8")
    before = own.read_bytes(), taken.read_bytes()
    vendor["actions/dim.yaml"] = build_action("dim", "POST /lamps/dim")
    vendor["actions/turn-off.yaml"] = build_action("turnOff", "POST /lamps/off")
    _, report = import_again(folder, vendor)
    assert (own.read_bytes(), taken.read_bytes()) == before
    assert not (folder / "actions" / "dim.yaml").exists()
    assert Connector.open(folder).action("turnOff2").request == "POST /lamps/off"
    assert report.remarks == ("actions/dim-lamp.yaml: it is yours, and has POST /lamps/dim; it stays.",)


def test_the_manifest_is_written_once_and_later_changes_are_proposed(folder, vendor):
    before = (folder / "manifest.yaml").read_bytes()
    vendor["manifest.yaml"].words["base_url"] = "https://new.lamps.example"
    for _ in range(2):
        plan, report = import_again(folder, vendor)
        assert plan.changes == {}
        assert report.proposals == (
            'manifest.yaml: base_url was "https://lamps.example"; it becomes "https://new.lamps.example".',
        )
    assert (folder / "manifest.yaml").read_bytes() == before


def add_server(vendor: dict[str, NewFile]) -> None:
    words = vendor["manifest.yaml"].words
    words["servers"] = {"files": "https://files.lamps.example"}
    words["allowed_hosts"] = ["lamps.example", "files.lamps.example"]


def test_a_manifest_gets_the_servers_that_new_actions_are_at_and_keeps_its_comments(folder, vendor):
    path = folder / "manifest.yaml"
    edit(path, "summary: Lamps.", "summary: Lamps of all kinds.  # ours")
    add_server(vendor)
    _, report = import_again(folder, vendor)
    assert report.remarks == (
        "manifest.yaml: it gets the server files (https://files.lamps.example), where new actions are.",
    )
    assert "summary: Lamps of all kinds.  # ours" in path.read_text(encoding="utf-8")
    manifest = Connector.open(folder).manifest
    assert manifest.servers == {"files": "https://files.lamps.example"}
    assert manifest.allowed_hosts == ["files.lamps.example"]
    plan, report = import_again(folder, vendor)
    assert plan.changes == {}
    assert report.remarks == ()


def test_a_server_that_an_author_removed_stays_away(folder, vendor):
    add_server(vendor)
    import_again(folder, vendor)
    edit(folder / "manifest.yaml", "servers: {files: https://files.lamps.example}\n", "")
    plan, _ = import_again(folder, vendor)
    assert plan.changes == {}


def test_a_manifest_by_hand_stays_and_the_server_that_it_lacks_is_told(tmp_path, vendor):
    (tmp_path / "manifest.yaml").write_text("connector: lamps\n", encoding="utf-8")
    add_server(vendor)
    _, report = import_again(tmp_path, vendor)
    (remark,) = report.remarks
    assert remark.endswith("It lacks the server files (https://files.lamps.example), where new actions are.")


def test_a_schema_is_merged_by_word_too(folder, vendor):
    path = folder / "schemas" / "objects" / "lamp.json"
    edit(path, '"type": "integer"', '"type": ["integer", "null"]')
    vendor["schemas/objects/lamp.json"].words["properties"]["name"] = {"type": "string"}
    import_again(folder, vendor)
    properties = json.loads(path.read_text(encoding="utf-8"))["properties"]
    assert properties == {"id": {"type": ["integer", "null"]}, "name": {"type": "string"}}


def test_without_a_record_every_file_is_the_authors(folder, vendor):
    (folder / "import.json").unlink()
    before = read_all(folder)
    vendor["actions/get-lamp.yaml"].words["summary"] = "It is new."
    _, report = import_again(folder, vendor)
    assert before.items() <= read_all(folder).items()
    assert "actions/get-lamp.yaml: it is yours, and has GET /lamps/{id}; it stays." in report.remarks


def test_a_record_that_cannot_be_read_is_told(folder, vendor):
    (folder / "import.json").write_text('{"import": 2}', encoding="utf-8")
    with pytest.raises(DefinitionError, match="its format is 2, and this version reads 1"):
        plan_merge(folder, vendor, RECORD, render)


@pytest.mark.parametrize("path", ["/lamps/{id}", "/v2/lamps/{id}", "/{id}"])
def test_an_import_of_less_than_before_is_refused_wherever_its_base_url_ends(folder, vendor, path):
    narrow = {path: one for path, one in vendor.items() if path != "actions/get-lamp.yaml"}
    with pytest.raises(UsageError, match=r"has actions that this import leaves out: GET /lamps/\{id\}\."):
        plan_merge(folder, narrow, RECORD, render, unselected=[f"GET {path}"])


@pytest.mark.parametrize("interrupted_at", range(1, 5))
def test_an_interrupted_import_can_be_run_again_with_another_version(folder, vendor, monkeypatch, interrupted_at):
    edit(folder / "actions" / "get-lamp.yaml", "label: Getlamp", "label: Ours  # ours")
    second = deepcopy(vendor)
    for path in ("actions/get-lamp.yaml", "actions/list-lamps.yaml"):
        second[path].words["summary"] = "The second."
    second["schemas/objects/lamp.json"].words["properties"]["second"] = {"type": "string"}
    written = []

    def write_some(path: Path, text: str) -> None:
        written.append(path)
        if len(written) == interrupted_at:
            raise KeyboardInterrupt
        path.write_bytes(text.encode())

    with monkeypatch.context() as patch:
        patch.setattr(folder_merge, "write_text", write_some)
        if interrupted_at <= 3:
            with pytest.raises(KeyboardInterrupt):
                plan_merge(folder, second, RECORD, render).apply()
        else:
            plan_merge(folder, second, RECORD, render).apply()
    third = deepcopy(second)
    for path in ("actions/get-lamp.yaml", "actions/list-lamps.yaml"):
        third[path].words["summary"] = "The third."
    _, report = import_again(folder, third)
    assert report.conflicts == ()
    for name in ("get-lamp", "list-lamps"):
        assert "The third." in (folder / "actions" / f"{name}.yaml").read_text(encoding="utf-8")
    assert "label: Ours  # ours" in (folder / "actions" / "get-lamp.yaml").read_text(encoding="utf-8")
    assert import_again(folder, third)[0].changes == {}
    assert not ImportRecord.read(folder).unfinished


def test_a_description_without_new_words_is_no_drift(folder, vendor):
    record = ImportRecord(sources=(Source.of("lamps.json", b"{ }"),), version="1.1")
    assert plan_merge(folder, vendor, record, render).changes == {}


def test_a_file_that_is_a_link_stays_one(folder, vendor):
    path = folder / "actions" / "get-lamp.yaml"
    shared = path.rename(folder / "shared.yaml")
    path.symlink_to(shared)
    vendor["actions/get-lamp.yaml"] = build_action("getLamp", "GET /lamps/{id}", id={"to": "path.id"})
    import_again(folder, vendor)
    assert path.is_symlink()
    assert "required" not in shared.read_text()
