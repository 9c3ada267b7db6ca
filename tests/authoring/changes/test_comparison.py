"""What changed between two versions of a connector is told at its line, and as breaking where a caller would notice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from support.planting import line_of, plant

from connector.authoring.changes.comparison import advise_version, compare_folders
from connector.authoring.scaffold import create_connector
from connector.cli.commands.authoring.diff import diff_command
from connector.definition.loader import find_bundled_folder
from connector.errors import DefinitionError

CREATE, UPDATE, LIST = "actions/create-book.yaml", "actions/update-book.yaml", "actions/list-books.yaml"
GENRES = "      novel: Novels\n      travel: Travel\n      cooking: Cooking\n"
CODE = "code: token_expired}"


@pytest.fixture
def versions(tmp_path):
    """Return two copies of a connector, the second of which a test changes."""
    old, new = tmp_path / "old", tmp_path / "new"
    create_connector(old)
    shutil.copytree(old, new)
    return old, new


def compare(versions):
    """Return each change as: breaking or not, the file below its version, the line, and the message."""
    old, new = versions
    changes = compare_folders(old, new)
    return [
        (change.is_breaking, change.file.removeprefix(f"{new}/").removeprefix(f"{old}/"), change.line, change.message)
        for change in changes
    ]


def test_a_version_is_the_same_as_itself(versions):
    assert compare(versions) == []


# file, old text, new text, line's marker (in the new version, or with < in the old one), breaking, a part of the message
ONE_WORD = [
    (CREATE, "    max: 200\n", "    max: 100\n", "max: 100", True, "title: `max` was 200 and is 100"),
    (CREATE, "    max: 200\n", "    max: 300\n", "max: 300", False, "title: `max` was 200 and is 300"),
    (CREATE, "    max: 200\n", "", "<max: 200", False, "`max` was 200 and is not given"),
    (CREATE, "    default: novel\n", "    default: travel\n", "default: travel", True, "genre: `default` was"),
    (CREATE, "    default: 1\n", "", "<default: 1", True, "copies: `default` was 1 and is not given"),
    (CREATE, "      cooking: Cooking\n", "", "choices:", True, "genre: no longer lists 'cooking'"),
    (CREATE, GENRES, f"{GENRES}      poetry: Poetry\n", "choices:", False, "genre: lists 'poetry' too"),
    (CREATE, "    type: list of string\n", "    type: string\n", "type: string#4", True, "tags: `type` was"),
    (CREATE, "    min: 1000\n", "    min: 1000\n    required: true\n", "required: true#3", True, "authorBorn: is required"),
    (CREATE, "  tags:\n", "  labels:\n", "<  tags:", True, "input 'tags' is gone"),
    (CREATE, "    to: body.tags\n", "    to: body.tag_list\n", "to: body.tag_list", False, "tags: `to` was"),
    (CREATE, "    help: Words to find it by.\n", "    help: What to find it by.\n", None, False, ""),
    (CREATE, "request: POST /books\n", "request: POST /v2/books\n", "request: POST", False, "`request` was"),
    (LIST, "request: GET /books\n", "request: POST /books/search\n", "request: POST", True, "was a read and is a write"),
    ("manifest.yaml", "kind: bearer", "kind: api_key", "kind: api_key", True, "`kind` was"),
    ("manifest.yaml", "connector: bookshelf", "connector: shelf", "connector: shelf", True, "is called 'shelf'"),
    ("manifest.yaml", "{category: not_found,", "{category: invalid,", "{category: invalid", True, "counts as 'invalid'"),
    ("manifest.yaml", "summary: Keep the books", "summary: Keep all books", None, False, ""),
    ("schemas/objects/book.json", '"title": {"type": "string"', '"title": {"type": "integer"', "integer", True, "title"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "before", "after", "marker", "is_breaking", "message"), ONE_WORD)
def test_a_changed_word_is_judged_and_told_at_its_line(versions, file, before, after, marker, is_breaking, message):
    old, new = versions
    text = (new / file).read_text()
    assert before in text
    (new / file).write_text(text.replace(before, after, 1))
    changes = [change for change in compare(versions) if message and message in change[3]]
    if marker is None:
        assert compare(versions) == []
        return
    assert [(change[0], change[1]) for change in changes] == [(is_breaking, file)], compare(versions)
    side = old if marker.startswith("<") else new
    if "#" in marker or (side / file).read_text().count(marker.lstrip("<")) == 1:
        assert changes[0][2] == line_of(side / file, marker.removeprefix("<"))


def test_what_is_renamed_with_its_earlier_key_breaks_nobody(versions):
    _, new = versions
    (new / CREATE).rename(new / "actions/add-book.yaml")
    plant(new / "actions/add-book.yaml", "action: createBook\n", "action: addBook\nwas: [createBook]\n")
    plant(new / "actions/add-book.yaml", "  tags:\n", "  labels:\n    was: [tags]\n")
    changes = compare(versions)
    assert [change[0] for change in changes] == [False, False]
    assert {change[3] for change in changes} == {
        "'createBook' is called 'addBook' now; the old name is still taken.",
        "input 'tags' is called 'labels' now; the old name is still taken.",
    }


def test_what_is_gone_breaks_and_what_is_new_does_not(versions):
    old, new = versions
    (new / "actions/delete-book.yaml").unlink()
    text = (old / "actions/get-book.yaml").read_text()
    (new / "actions/look-up-book.yaml").write_text(text.replace("action: getBook", "action: lookUpBook"))
    assert compare(versions) == [
        (True, "actions/delete-book.yaml", 1, "the action is gone."),
        (False, "actions/look-up-book.yaml", 1, "the action is new."),
    ]


def test_a_new_input_breaks_when_a_call_must_give_it(versions):
    _, new = versions
    words = "    label: Shelf\n    help: Where it stands.\n    type: string\n    to: body.shelf\n    example: A1\n"
    plant(new / CREATE, "  tags:\n", f"  shelf:\n{words}  tags:\n")
    plant(new / UPDATE, "inputs:\n", f"inputs:\n  shelf:\n    required: true\n{words}")
    assert [(change[0], change[1]) for change in compare(versions)] == [(True, UPDATE), (False, CREATE)]


def test_events_that_are_gone_or_lose_a_field_break(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        for name in ("actions", "schemas"):
            shutil.copytree(find_bundled_folder() / name, folder / name)
        shutil.copy(find_bundled_folder() / "manifest.yaml", folder)
    path = new / "schemas/events/meetings.json"
    events = json.loads(path.read_text())
    del events["meeting.started"]
    del events["meeting.ended"]["body"]["payload"]["object"]["uuid"]
    path.write_text(json.dumps(events, indent=2))
    changes = compare((old, new))
    assert {(change[0], change[3]) for change in changes} == {
        (True, "the event is gone."),
        (True, "field 'uuid' is gone."),
    }


def test_an_invalid_version_is_refused_with_all_of_its_mistakes(versions):
    _, new = versions
    plant(new / CREATE, "request: POST /books\n", "")
    plant(new / "manifest.yaml", "kind: bearer", "kind: password")
    with pytest.raises(DefinitionError) as caught:
        compare(versions)
    assert len(caught.value.findings) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("1.2.3", "1.2.4", "2.0.0"), ("1.2.3", "2.0.0", None), ("0.2.3", "0.2.4", "0.3.0"), ("0.2.3", "0.3.0", None),
     ("1.0.0", "3.1.0", None), (None, "1.0.0", None)],
)  # fmt: skip
def test_a_breaking_change_asks_for_a_higher_version(versions, old, new, expected):
    (versions[1] / "actions/delete-book.yaml").unlink()
    assert advise_version(old, new, compare_folders(*versions)) == expected


@pytest.mark.parametrize("is_breaking", [True, False])
def test_the_command_ends_with_1_when_something_breaks(versions, is_breaking):
    old, new = versions
    plant(new / CREATE, "    max: 200\n", f"    max: {100 if is_breaking else 300}\n")
    command = [sys.executable, "-m", "connector", "diff", str(old), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == int(is_breaking)
    word = "breaking" if is_breaking else "compatible"
    assert done.stdout.startswith(f"{new}/{CREATE}:16: {word}: createBook: title: `max` was 200")
    assert "1.0.1" in done.stderr or is_breaking


@pytest.mark.parametrize(
    ("version", "is_breaking", "code"),
    [("1.0.0", True, 1), ("1.1.0", True, 1), ("2.0.0", True, 0), ("1.0.0", False, 0)],
)
def test_with_check_version_the_command_asks_only_for_a_version_that_tells_what_breaks(
    versions, version, is_breaking, code
):
    old, new = versions
    plant(new / CREATE, "    max: 200\n", f"    max: {100 if is_breaking else 300}\n")
    plant(new / "manifest.yaml", "version: 1.0.0", f"version: {version}")
    done = CliRunner().invoke(diff_command, ["--check-version", str(old), str(new)], standalone_mode=False)
    assert done.return_value == code
