"""Changes of types, variants, servers, jobs, scopes and paging are judged, each at the line of its word."""

from __future__ import annotations

import shutil

import pytest

from connector.authoring.changes.comparison import compare_folders

MANIFEST = """
connector: lamp
label: Lamp
summary: Lamps.
base_url: https://lamp.example/v1
allowed_hosts: [lamp.example, up.lamp.example]
servers:
  up: https://up.lamp.example/u
connections:
  token:
    label: Token
    kind: oauth2
    authorize_url: https://lamp.example/authorize
    token_url: https://lamp.example/token
    inputs:
      clientId: {label: Client, help: The client., type: string, required: true}
      clientSecret: {label: Secret, help: The secret., type: password, required: true}
pagination:
  style: cursor
  next: next
  cursor_param: query.after
  size_param: query.size
  max_size: 100
  keep: [token]
idempotency: {to: header.Idempotency-Key}
"""
TYPES = """
filter:
  and:
    label: And
    help: All of these.
    type: list of object
    fields: "@filter"
    example: []
  kind:
    label: Kind
    help: The kind.
    type: string
    max: 20
"""
QUERY = """
action: queryLamps
label: Query
summary: Query lamps.
scopes: [read, admin]
request: POST /query
server: up
inputs:
  filter:
    label: Filter
    help: What is kept.
    type: object
    to: body.filter
    fields: "@filter"
  source:
    label: Source
    help: Where from.
    type: object
    to: body.source
    fields:
      type: {label: Type, help: Which., type: string, required: true, choices: {card: Card, bank: Bank}}
    variants:
      card:
        label: Card
        when: {type: [card]}
        fields:
          number: {label: Number, help: The number., type: string, required: true}
      bank:
        label: Bank
        when: {type: [bank]}
        fields:
          iban: {label: Iban, help: The number., type: string, required: true}
poll:
  action: getJob
  inputs: {jobId: id}
  until: {state: [done]}
  failed: {state: [failed]}
  every: 2s
then:
  action: listRows
  inputs: {jobId: id}
weight: 2
returns: {example: {id: "1", state: new}}
"""
JOB = """
action: getJob
label: Job
summary: A job.
request: GET /jobs/{jobId}
inputs:
  jobId: {label: Job, help: The job., type: string, required: true, to: path.jobId}
returns: {example: {id: "1", state: done}}
"""
ROWS = """
action: listRows
label: Rows
summary: The rows.
request: GET /jobs/{jobId}/rows
inputs:
  jobId: {label: Job, help: The job., type: string, required: true, to: path.jobId}
pagination:
  items: rows
returns: {example: {rows: [{id: 1}], next: ""}}
"""
FILES = {
    "manifest.yaml": MANIFEST,
    "types.yaml": TYPES,
    "actions/query-lamps.yaml": QUERY,
    "actions/get-job.yaml": JOB,
    "actions/list-rows.yaml": ROWS,
}
FOLDER, TYPE, ACTION, LIST = "manifest.yaml", "types.yaml", "actions/query-lamps.yaml", "actions/list-rows.yaml"
BANK = QUERY[QUERY.index("      bank:") : QUERY.index("poll:")]
THEN = QUERY[QUERY.index("then:") : QUERY.index("weight:")]
POLL = QUERY[QUERY.index("poll:") : QUERY.index("weight:")]

# file, old text, new text, the line's text (with < in the old version), breaking, a part of the message
CHANGES = [
    (TYPE, "max: 20", "max: 10", "max: 10", True, "type filter: kind: `max` was 20 and is 10"),
    (TYPE, "max: 20", "max: 30", "max: 30", False, "type filter: kind: `max` was 20 and is 30"),
    (TYPE, "  kind:", "  sort:", "<  kind:", True, "type filter: input 'kind' is gone"),
    (TYPE, "    max: 20", "    required: true", "required: true", True, "type filter: kind: is required now"),
    (ACTION, BANK, "", "<      bank:", True, "source: variant 'bank' is gone"),
    (ACTION, "when: {type: [bank]}", "when: {type: [bank, card]}", "when: {type: [bank, card]}", False, "`when` was"),
    (ACTION, "when: {type: [bank]}", "when: {type: [cash]}", "when: {type: [cash]}", True, "`when` was"),
    (ACTION, "          iban: {label: Iban,", "          bic: {label: Iban,", "<iban:", True, "input 'iban' is gone"),
    (ACTION, "server: up\n", "", "<server: up", False, "`server` was"),
    (ACTION, "weight: 2", "weight: 3", "weight: 3", False, "`weight` was 2 and is 3"),
    (ACTION, "every: 2s", "every: 9s", "every: 9s", False, "`poll.every` was"),
    (ACTION, "until: {state: [done]}", "until: {state: [ok]}", "until: {state: [ok]}", False, "`poll.until` was"),
    (ACTION, THEN, "", "<then:", True, "its result was that of 'listRows' and is that of 'getJob'"),
    (ACTION, POLL, "", "<poll:", True, "does not wait for the job any more"),
    (ACTION, "scopes: [read, admin]", "scopes: {all: [read, admin]}", "scopes:", True, "any of read, admin"),
    (ACTION, "scopes: [read, admin]", "scopes: {all: [read]}", "scopes:", True, "`scopes` was"),
    (FOLDER, "  up: https://up.lamp.example/u", "  up: https://up.lamp.example/v", "  up:", False, "servers.up"),
    (FOLDER, "max_size: 100", "max_size: 50", "max_size: 50", True, "`pagination.max_size` was 100 and is 50"),
    (FOLDER, "  keep: [token]\n", "", "<keep: [token]", True, "`pagination.keep` was"),
    (FOLDER, "cursor_param: query.after", "cursor_param: query.from", "cursor_param:", False, "cursor_param` was"),
    (
        FOLDER,
        "idempotency: {to: header.I",
        "idempotency: {to: header.X-I",
        "idempotency:",
        False,
        "`idempotency` changed",
    ),
    (LIST, "  items: rows", "  items: data", "items: data", True, "`pagination.items` was"),
]


@pytest.fixture
def versions(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "actions").mkdir(parents=True)
    for name, text in FILES.items():
        (old / name).write_text(text)
    shutil.copytree(old, new)
    return old, new


def test_types_that_name_themselves_are_the_same_as_themselves(versions):
    assert compare_folders(*versions) == []


@pytest.mark.parametrize(("file", "before", "after", "marker", "is_breaking", "message"), CHANGES)
def test_a_change_is_told_once_at_the_line_of_its_word(versions, file, before, after, marker, is_breaking, message):
    old, new = versions
    text = (new / file).read_text()
    assert before in text
    (new / file).write_text(text.replace(before, after, 1))
    found = [one for one in compare_folders(old, new) if message in f"{one.subject}: {one.message}"]
    home = old if marker.startswith("<") else new
    line = (home / file).read_text()[: (home / file).read_text().index(marker.removeprefix("<"))].count("\n") + 1
    assert [(one.file, one.line, one.is_breaking) for one in found] == [(str(home / file), line, is_breaking)]


def test_a_type_with_another_name_is_compared_member_by_member(versions):
    old, new = versions
    for name in ("types.yaml", "actions/query-lamps.yaml"):
        text = (new / name).read_text().replace("@filter", "@sieve").replace("\nfilter:", "\nsieve:")
        (new / name).write_text(text.replace("max: 20", "max: 10"))
    messages = [one.message for one in compare_folders(old, new)]
    assert messages == ["filter: kind: `max` was 20 and is 10."]


def test_a_word_of_a_shared_input_is_told_at_its_line_in_the_manifest_for_each_action_that_has_it(versions):
    for folder, most in zip(versions, (20, 10), strict=True):
        shared = f"inputs:\n  jobId:\n    label: Job\n    help: The job.\n    type: string\n    max: {most}\n    to: path.jobId\n"
        (folder / "manifest.yaml").write_text(MANIFEST + shared)
        for name in ("get-job", "list-rows"):
            text = FILES[f"actions/{name}.yaml"]
            own = text[text.index("  jobId:") : text.index("}\n", text.index("  jobId:")) + 2]
            use = "  jobId: {use: jobId, required: true}\n"
            (folder / f"actions/{name}.yaml").write_text(text.replace(own, use))
    found = compare_folders(*versions)
    line = (MANIFEST + "inputs:\n  jobId:\n    label: Job\n    help: The job.\n    type: string\n").count("\n") + 1
    assert [(one.file, one.line, one.subject) for one in found] == [
        (str(versions[1] / "manifest.yaml"), line, action) for action in ("getJob", "listRows")
    ]
