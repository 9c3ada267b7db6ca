"""Pages and schemas are made from the definitions, the same each time, and stand fresh in the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from support.planting import plant

from connector import Connector
from connector.authoring import docs
from connector.authoring.markdown import format_code, link_heading, render_table
from connector.definition.forms import input_rows
from connector.definition.loader import find_bundled_folder
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REFERENCE, PARITY = Path("docs/actions.md"), Path("docs/parity.md")


def test_what_is_made_from_the_bundled_connector_is_fresh() -> None:
    checkout = Path(__file__).parents[2]  # the pages are not in the wheel, which may be what runs
    assert docs.write(checkout, check=True) == []


def test_a_page_is_the_same_each_time() -> None:
    assert docs.render(find_bundled_folder()) == docs.render(find_bundled_folder())


def test_writing_returns_what_changed_and_checking_writes_nothing(shelf: Path) -> None:
    assert docs.write(shelf) == []
    plant(shelf / "actions/get-book.yaml", "summary: Read one book.", "summary: Read one book of the library.")
    before = (shelf / REFERENCE).read_text()
    assert docs.write(shelf, check=True) == [shelf / REFERENCE]
    assert (shelf / REFERENCE).read_text() == before
    assert docs.write(shelf) == [shelf / REFERENCE]
    assert "Read one book of the library." in (shelf / REFERENCE).read_text()
    assert docs.write(shelf, check=True) == []


def test_a_folder_without_a_record_has_no_parity_page(shelf: Path) -> None:
    assert PARITY not in docs.render(shelf)
    assert PARITY in docs.render(find_bundled_folder())


def test_a_broken_file_makes_no_page(shelf: Path, copied: Path) -> None:
    plant(shelf / "actions/get-book.yaml", "label: Get Book", "lable: Get Book")
    with pytest.raises(DefinitionError, match=r"get-book\.yaml"):
        docs.write(shelf)
    (copied / "parity.yaml").write_text("page: 3\n")
    with pytest.raises(DefinitionError, match=r"parity\.yaml:1:7"):
        docs.render(copied)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("\n### ")[1:]:
        heading, _, body = part.partition("\n")
        yield heading, body


def test_the_reference_has_the_order_of_the_page() -> None:
    text = docs.render(find_bundled_folder())[REFERENCE]
    places = [text.index(f"\n## {title}\n") for title in ("Connections", "Triggers", "Actions")]
    assert places == sorted(places)
    connector = Connector.open()
    labels = sorted(action.label for action in connector.actions())
    assert [heading for heading, _ in _sections(text[places[2] :])] == labels


def test_each_action_shows_every_input_and_its_example_payload() -> None:
    text = docs.render(find_bundled_folder())[REFERENCE]
    connector = Connector.open()
    sections = dict(_sections(text[text.index("\n## Actions\n") :]))
    for action in connector.actions():
        body = sections[action.label]
        keys = [line.split("`")[1] for line in body.splitlines() if line.startswith("| ") and "<br>" in line]
        assert keys == sorted([*action.inputs, "connection", "debugRequest"], key=str.lower)
        assert f"Key: `{action.action}`" in body
        payload = body.split("```json\n")[1].split("```")[0]
        assert json.loads(payload) == {"data": action.returns.example}
        for row in input_rows.build_doc_rows(connector, action):
            assert f"| {row.label}<br>{row.type}" in body


def test_a_cell_holds_anything() -> None:
    lines = list(render_table(("A", "B"), [("a|b", "two\nlines"), (format_code("x`y"), format_code(""))]))
    assert lines == ["| A | B |", "|---|---|", "| a\\|b | two<br>lines |", "| `` x`y `` |  |"]
    assert link_heading("List User's Channels") == "[List User's Channels](#list-users-channels)"


YAML_FILES = [
    path
    for folder in (ROOT, *ROOT.glob("examples/*"))
    for pattern in ("manifest.yaml", "types.yaml", "resources.yaml", "parity.yaml", "actions/*.yaml")
    for path in sorted(folder.glob(pattern))
    if (folder / "manifest.yaml").is_file()
]


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_editors_find_the_schema_of_each_file_in_its_first_line_and_no_mistake(path):
    with path.open(encoding="utf-8") as file:
        begin, colon, place = file.readline().strip().partition("=")
    assert (begin, colon) == ("# yaml-language-server: $schema", "=")
    schema = json.loads((path.parent / place).read_text("utf-8"))
    data = strict_yaml.read(path.read_bytes(), str(path)).data
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)] == []


def test_every_kind_of_file_of_a_folder_has_a_schema(shelf):
    kinds = {path.name for path in (shelf / "schemas").glob("*.schema.json")}
    assert kinds == {f"{kind}.schema.json" for kind in ("action", "manifest", "resources", "types")}
