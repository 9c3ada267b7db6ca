"""A folder in old words of the format gets one finding for each, which names the new word, and none that follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from connector import Connector
from connector.authoring.lint import lint
from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.definition.validation import renamed_words
from connector.definition.validation.strict_model import read_annotations
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

# Each old word of a line stands in its comment, with the new one.
MANIFEST = """\
connector: shelves
label: Shelves
summary: Keep the shelves of a library.
base_url: https://api.shelves.example
hosts: [api.shelves.example]  # hosts=allowed_hosts
always: {header.X-Version: "1"}  # always=constants
connections:
  token:
    label: Token
    kind: bearer
    only: [listShelves, addShelf]  # only=allowed_actions
    nobody: [me]  # nobody=unsupported_aliases
    test:
      action: listShelves
      given: {room: hall}  # given=inputs
      shows: [shelves]  # shows=identity_fields
    inputs:
      accessToken:
        label: Token
        help: The token.
        type: password
        required: true
      region:
        label: Region
        help: Where it is.
        type: string
        choices: {eu: Europe}
        choices_open: true  # choices_open=allow_other
        looks: digits  # looks=format
test:
  action: listShelves
  given: {}  # given=inputs
  shows: []  # shows=identity_fields
pages:  # pages=pagination
  by: last  # by=style last=last_item
  read: id  # read=next
  send: query.after  # send=cursor_param
  size: query.size  # size=size_param
  max: 50  # max=max_size
  more: has_more  # more=has_more
errors:
  code: code
  tracking: header.X-Request-Id  # tracking=request_id
  means:  # means=rules
    - is: token  # is=category token=token_rejected
      status: 401
    - is: cursor  # is=category cursor=cursor_expired
      code: 1
    - is: daily  # is=category daily=daily_quota
      code: 2
    - is: busy  # is=category busy=concurrency
      code: 3
    - is: rate  # is=category rate=rate_limit
      code: 4
    - is: scope  # is=category
      code: 5
rates:
  per: connection.region  # per=account
  caps:  # caps=quotas
    daily: {limit: 100/day, by: path.room}
triggers:
  hook:
    label: Hook
    summary: Receive events.
    inputs:
      secret:
        label: Secret
        help: The secret.
        type: password
        looks: digits  # looks=format
    signature:
      header: x-signature
      signs: "{body}"  # signs=payload
      looks: "v1={hex}"  # looks=format
      many: ","  # many=separator
    challenge:
      event: ping  # event=is
      read: text
      reply: {text: "{read}"}
    event: {name: type, object: .}
    dedupe: [id]
sandbox:
  shelves:  # shelves@resources
    list: /shelves
    id: id
    also: [name]  # also=lookup_fields
    names: {first: "1"}  # names=aliases
    start: [{id: "1", name: A}]  # start=seed
  missing: {status: 404, message: There is no such shelf.}
  emits:  # emits=events
    shelves: {created: shelf.added}
"""
LIST = """\
action: listShelves
label: List Shelves
summary: List the shelves.
docs: https://shelves.example/docs/shelves#list
request: GET /shelves
inputs:
  room:
    label: Room
    help: The room.
    type: string
    max: 20
    to: query.room
    example: hall
pages:  # pages=pagination
  items: shelves
  by: link  # by=style link=link_header
returns:
  cap: 10000  # cap=max_bytes
  example: {shelves: [{id: "1"}], has_more: false}
examples:
  Those of the hall:
    given: {room: hall}  # given=inputs
    sends: {path: /shelves, query: {room: hall}}  # sends=request
"""
ADD = """\
action: addShelf
label: Add Shelf
summary: Add a shelf.
docs: https://shelves.example/docs/shelves#add
request: POST /shelves
repeatable: a name that exists is refused  # repeatable=idempotent
always: {body.kind: shelf}  # always=constants
sends: form  # sends=body
inputs:
  name:
    label: Name
    help: The name.
    type: string
    choices: {a: A, b: B}
    choices_open: true  # choices_open=allow_other
    looks: email  # looks=format
    not_with: number  # not_with=conflicts_with
    to: body.name
  number:
    label: Number
    help: Its number.
    type: integer
    not_with: [name]  # not_with=conflicts_with
    to: body.number
    example: 1
  until:
    label: Until
    help: How long it stays.
    type: datetime
    ahead: true  # ahead=future
    needs: {number: [1]}  # needs=requires
    to: body.until
    example: 2030-01-01T00:00:00Z
returns:
  example: {id: "1"}
examples:
  By its number:
    given: {number: 1}  # given=inputs
    sends: {path: /shelves, form: [[kind, shelf], [number, "1"]]}  # sends=request
"""
FILES = {"manifest.yaml": MANIFEST, "actions/list-shelves.yaml": LIST, "actions/add-shelf.yaml": ADD}


def expected_findings(text: str) -> list[tuple[int, int, str]]:
    """Return line, column and sentence of each old word, read off the comments."""
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        for old, sign, new in re.findall(r"(\w+)([=@])(\w+)", line.partition("  # ")[2]):
            column = re.search(rf"\b{old}\b", line).start() + 1
            sentence = f"'{old}' is called '{new}' now" if sign == "=" else f"'{old}' stands under `{new}` now"
            findings.append((number, column, sentence))
    return findings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "actions").mkdir()
    (tmp_path / "schemas" / "events").mkdir(parents=True)
    (tmp_path / "schemas/events/shelves.json").write_text('{"shelf.added": {"body": {"type": "string"}}}')
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def told(findings) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.column, re.sub(r" now\b.*", " now", finding.message)) for finding in findings]


@pytest.mark.parametrize("file", FILES)
def test_lint_tells_each_old_word_where_it_stands_and_nothing_that_follows(folder: Path, file: str) -> None:
    of_file = [finding for finding in lint(folder) if finding.file == str(folder / file)]
    findings = [finding for finding in of_file if finding.rule != "no-effect"]  # some do nothing by any name
    assert told(findings) == expected_findings(FILES[file])
    assert {finding.rule for finding in findings} == {"renamed-word"}


def test_a_folder_that_is_opened_tells_the_same(folder: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        Connector.open(folder)
    assert told(caught.value.findings) == expected_findings(MANIFEST)
    assert "'hosts' is called 'allowed_hosts' now." in str(caught.value)
    (folder / "manifest.yaml").write_text("connector: x\nlabel: X\nsummary: X.\nbase_url: https://x.example\n")
    with pytest.raises(DefinitionError) as caught:
        Connector.open(folder).action("addShelf")
    assert told(caught.value.findings) == expected_findings(ADD)


def test_a_word_that_is_gone_is_told_with_what_to_write(folder: Path) -> None:
    manifest = folder / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("\nerrors:\n", "\nerrors:\n  also_in_2xx: true\n"))
    findings = [finding for finding in lint(folder) if "also_in_2xx" in finding.message]
    assert [finding.rule for finding in findings] == ["renamed-word"]
    assert "failed: {ok: [false]}" in findings[0].message
    assert "success_codes" in findings[0].message


def test_the_header_of_an_idempotency_key_is_told_as_a_place(folder: Path) -> None:
    manifest = folder / "manifest.yaml"
    manifest.write_text(f"{manifest.read_text()}\nidempotency: {{header: X-Key}}\n")
    findings = [finding for finding in lint(folder) if "'header' is gone" in finding.message]
    assert [(finding.rule, "`to: header.X`" in finding.message) for finding in findings] == [("renamed-word", True)]


def test_every_renamed_key_is_among_them() -> None:
    listed = {old for text in FILES.values() for old in re.findall(r"(\w+)=\w+", text)}
    assert {old for words in renamed_words.RENAMED_KEYS.values() for old in words} <= listed


@pytest.mark.parametrize(("old", "new"), renamed_words.RENAMED_VALUES["pagination.style"].items())
def test_a_renamed_value_is_told_at_the_value(folder: Path, old: str, new: str) -> None:
    (folder / "actions/list-shelves.yaml").write_text(LIST.replace("by: link", f"by: {old}"))
    found = [finding for finding in lint(folder) if finding.message.startswith(repr(old))]
    assert told(found)[0] == (16, 7, f"'{old}' is called '{new}' now")


def test_an_old_word_beside_the_new_one_is_told_and_left_out(folder: Path) -> None:
    path = folder / "actions/list-shelves.yaml"
    path.write_text(LIST + "pagination: {items: shelves}\n")
    found = [finding for finding in lint(folder) if finding.file == str(path) and finding.line == 14]
    assert [finding.message for finding in found] == ["'pages' is called 'pagination' now."]


@pytest.mark.parametrize(("model", "path"), [(Manifest, "manifest.yaml"), (Action, "actions/raw-request.yaml")])
def test_todays_words_are_never_taken_for_old_ones(model, path: str) -> None:
    source = Connector.open().folder / path
    document = strict_yaml.read(source.read_bytes(), path)
    assert renamed_words.upgrade(document, model) == (document, [])


def inner_models(annotation: Any) -> list[Any]:
    """Return the models that a field's annotation names."""
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in inner_models(part)]


def keys_of(place: str) -> set[str]:
    """Return today's keys of a place in either kind of file."""
    models = [Action, Manifest]
    for name in place.split(".") if place else []:
        if name != "*":
            annotations = [read_annotations(model)[name] for model in models if name in model.model_fields]
            models = [model for annotation in annotations for model in inner_models(annotation)]
    return {field.alias or key for model in models for key, field in model.model_fields.items()}


@pytest.mark.parametrize("place", renamed_words.RENAMED_KEYS)
def test_each_new_word_is_one_of_its_place_and_no_old_one_is(place: str) -> None:
    words = renamed_words.RENAMED_KEYS[place]
    assert set(words.values()) <= keys_of(place)
    assert not set(words) & keys_of(place)
