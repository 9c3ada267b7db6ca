"""Lint tells every mistake of every file at once, hides none behind another, and never falls over."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planting import line_of, plant

from connector.authoring import scaffold
from connector.authoring.lint import lint
from connector.authoring.rule_catalogue import find_voice
from connector.definition.loader import find_bundled_folder
from connector.definition.parsers import strict_yaml

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_bundled_connector_has_no_mistake() -> None:
    assert [str(finding) for finding in lint(find_bundled_folder())] == []


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in EXAMPLES.glob("*/manifest.yaml")), ids=lambda path: path.name
)
def test_the_connectors_among_the_examples_have_no_mistake(folder: Path) -> None:
    assert [str(finding) for finding in lint(folder)] == []


def test_ten_mistakes_in_three_files_are_ten_findings_at_their_lines(shelf: Path) -> None:
    create, listing, manifest = "actions/create-book.yaml", "actions/list-books.yaml", "manifest.yaml"
    planted = [
        (create, "help: Words to find it by.", "help: Words to find it by", "help-is-a-sentence", "Words to find"),
        (create, "example: 1961", "example: 3000", "example-fits", "example: 3000"),
        (create, "docs: https://bookshelf.example/docs/books#create", "docs: nowhere", "docs-deep-link", "docs:"),
        (create, "schema: book", "schema: books", "example-payload-fits-schema", "schema: books"),
        (create, "        genre: novel\n", "        genre: novels\n", "examples-run", "      body:"),
        (listing, "pagination: {items: books}", "pagination: {items: volumes}", "pagination-complete", "pagination:"),
        (listing, "max: 100", "maxi: 100", "unknown-word", "maxi: 100"),
        (
            manifest,
            "allowed_hosts: [api.bookshelf.example]",
            "allowed_hosts: [bookshelf.example]",
            "allowed-hosts",
            "base_url:",
        ),
        (manifest, "request_id: header.x-request-id", "request_id: x-request-id", "errors", "request_id:"),
        (manifest, "    id: id", "    id: id\n    parent: shelf", "resource", "parent: shelf"),
    ]
    for file, old, new, _, _ in planted:
        plant(shelf / file, old, new)
    expected = sorted(
        (find_voice(rule) == "advice", str(shelf / file), line_of(shelf / file, marker), rule)
        for file, _, _, rule, marker in planted
    )
    found = [(finding.voice == "advice", finding.file, finding.line, finding.rule) for finding in lint(shelf)]
    assert found == expected


def test_a_finding_reads_file_line_column_rule_sentence(shelf: Path) -> None:
    plant(shelf / "actions/get-book.yaml", "help: The book's ID, as listBooks tells it.", "help: The book's ID")
    reported = str(lint(shelf)[0])
    assert (
        reported
        == f"{shelf}/actions/get-book.yaml:12:11: advice: help-is-a-sentence: end the sentence with a full stop."
    )


def test_files_are_named_as_the_folder_is(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(shelf / "actions/get-book.yaml", "action: getBook", "action: readBook")
    monkeypatch.chdir(shelf)
    assert lint(Path())[0].file == "actions/get-book.yaml"
    monkeypatch.chdir(shelf.parent)
    assert lint(Path("shelf"))[0].file == "shelf/actions/get-book.yaml"


def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(shelf: Path) -> None:
    (shelf / "actions/create-book.yaml").write_bytes("action: createBook".encode("utf-16"))
    (shelf / "actions/update-book.yaml").write_text("- a list\n")
    (shelf / "actions/delete-book.yaml").write_text("")
    plant(shelf / "actions/get-book.yaml", "example: bk_001", "exmaple: bk_001")
    plant(shelf / "manifest.yaml", "kind: bearer", "kind: bearer\n    allowed_actions: [createBook, lendBook]")
    rules = [(Path(finding.file).name, finding.rule) for finding in lint(shelf)]
    assert rules == [
        ("create-book.yaml", "utf-8"),
        ("delete-book.yaml", "type"),
        ("get-book.yaml", "unknown-word"),
        ("update-book.yaml", "type"),
        ("manifest.yaml", "action-known"),
    ]


def test_a_broken_manifest_hides_nothing_of_the_actions(shelf: Path) -> None:
    (shelf / "manifest.yaml").write_text("connector: [")
    plant(shelf / "actions/create-book.yaml", "        genre: novel\n        copies: 1\n", "        genre: novel\n")
    assert [finding.rule for finding in lint(shelf)] == ["examples-run", "yaml"]


def test_a_word_that_does_not_fit_is_told_with_the_other_mistakes_of_its_file(shelf: Path) -> None:
    path = shelf / "actions/create-book.yaml"
    plant(path, "    max: 10\n", "    mx: 10\n")
    plant(path, "help: What stands on the cover.", "help: what stands on the cover.")
    plant(path, "action: createBook\n", "action: createBook\nsumary: Twice.\n")
    plant(path, "request: POST /books", "request: FETCH /books")
    rules = [(finding.line, finding.rule) for finding in lint(shelf)]
    assert rules == [
        (line_of(path, "sumary"), "unknown-word"),
        (line_of(path, "FETCH"), "form"),
        (line_of(path, "mx: 10"), "unknown-word"),
        (line_of(path, "what stands"), "help-is-a-sentence"),
    ]


def test_what_follows_from_a_damaged_word_is_not_told_again(shelf: Path) -> None:
    path = shelf / "actions/list-books.yaml"
    plant(path, "    example: canal", "    exmaple: canal")
    plant(path, "docs: https", "doc: https")
    assert [finding.rule for finding in lint(shelf)] == ["unknown-word", "unknown-word"]


def test_an_example_without_its_request_hides_nothing_of_its_file(shelf: Path) -> None:
    path = shelf / "actions/get-book.yaml"
    plant(path, "    request:\n      path: /books/bk_001\n", "")
    plant(path, "docs: https://", "docs: http://")
    assert [finding.rule for finding in lint(shelf)] == ["missing-word", "docs-deep-link"]


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ("connections:\n", "connections: none\nconections:\n", ["type", "unknown-word"]),
        ("pagination: {style", "pagination: []\npaginaton: {style", ["type", "unknown-word"]),
        ("  missing: {status: 404, code: no_such_book, message: There is no such book.}", "  missing: {a: 1, b: {c: 2}}", ["missing-word", "unknown-word", "unknown-word"]),
        ("errors:\n", "triggers: {one: {signature: {a: 1}, label: One}}\nerrors:\n", ["missing-word", "missing-word", "missing-word", "missing-word", "one-of", "unknown-word"]),
    ],
)  # fmt: skip
def test_a_manifest_in_pieces_is_told_of_piece_by_piece(shelf: Path, old: str, new: str, rules: list[str]) -> None:
    plant(shelf / "manifest.yaml", old, new)
    assert sorted(finding.rule for finding in lint(shelf)) == rules


def test_entries_of_actions_that_are_no_plain_files_are_told(shelf: Path) -> None:
    actions, outside = shelf / "actions", shelf / "elsewhere.yaml"
    shutil.move(actions / "get-book.yaml", outside)
    (actions / "get-book.yaml").symlink_to(outside)
    (actions / "lend-book.yaml").symlink_to(shelf / "nothing.yaml")
    (actions / "loop.yaml").symlink_to(actions / "loop.yaml")
    (actions / "return-book.yaml").mkdir()
    (actions / "renew-book.yml").write_text("action: renewBook\n")
    os.mkfifo(actions / "pipe.yaml")
    reported = [(Path(finding.file).name, finding.rule, finding.message) for finding in lint(shelf)]
    assert reported == [
        ("get-book.yaml", "file", "the link is broken or leads out of actions/; put the file itself here."),
        ("lend-book.yaml", "file", "the link is broken or leads out of actions/; put the file itself here."),
        ("loop.yaml", "file", "the link is broken or leads out of actions/; put the file itself here."),
        ("pipe.yaml", "file", "this is not a regular file."),
        ("renew-book.yml", "file-name", "only *.yaml files are read; rename it to renew-book.yaml."),
        ("return-book.yaml", "file", "this is a folder; an action must be a file."),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads every file")
def test_a_file_without_permission_is_told(shelf: Path) -> None:
    (shelf / "actions/get-book.yaml").chmod(0)
    assert [(Path(finding.file).name, finding.rule) for finding in lint(shelf)] == [("get-book.yaml", "file")]


def test_two_files_with_one_key_name_each_other(shelf: Path) -> None:
    shutil.copy(shelf / "actions/get-book.yaml", shelf / "actions/read-book.yaml")
    findings = lint(shelf)
    assert [(finding.rule, finding.line) for finding in findings] == [("file-name", 2)]
    assert findings[0].file.endswith("read-book.yaml")
    assert "actions/get-book.yaml:2" in findings[0].message


def test_an_empty_folder_lacks_manifest_and_actions(tmp_path: Path) -> None:
    reported = [(finding.rule, finding.message) for finding in lint(tmp_path)]
    assert ("file", "manifest.yaml is missing.") in reported
    (tmp_path / "manifest.yaml").write_text(
        "connector: x\nlabel: X\nsummary: X.\nbase_url: https://x.example\nallowed_hosts: [x.example]\n"
    )
    assert [finding.message for finding in lint(tmp_path)] == ["the folder has no actions."]


def test_where_people_consent_to_scopes_every_action_names_them(shelf: Path) -> None:
    words = "".join(
        f"      {key}: {{label: One, help: One., type: string, required: true}}\n"
        for key in ("authorizeUrl", "tokenUrl", "clientId")
    )
    plant(shelf / "manifest.yaml", "    kind: bearer\n    inputs:\n", f"    kind: oauth2\n    inputs:\n{words}")
    plant(shelf / "manifest.yaml", "      accessToken:\n", "      clientSecret:\n")
    assert [finding.rule for finding in lint(shelf)] == ["scopes-named"] * 5
    scopes = {"get": "[books.read]", "list": "none", "create": "[]", "update": "[a, a]", "delete": "{granular: [b]}"}
    for name, written in scopes.items():
        path = shelf / "actions" / (f"{name}-books.yaml" if name == "list" else f"{name}-book.yaml")
        plant(path, "\nrequest:", f"\nscopes: {written}\nrequest:")
    assert [Path(finding.file).stem for finding in lint(shelf)] == ["create-book", "update-book"]


def test_nothing_is_fetched_and_a_schema_in_a_circle_does_not_hang(shelf: Path) -> None:
    objects = shelf / "schemas/objects"
    (objects / "book.json").write_text('{"$ref": "volume.json"}')
    (objects / "volume.json").write_text('{"allOf": [{"$ref": "book.json"}]}')
    findings = [finding for finding in lint(shelf) if finding.rule == "schema"]
    assert [(Path(finding.file).name, finding.line) for finding in findings] == [("book.json", 1)]


def test_json_is_read_with_tabs_too_and_a_name_that_stands_twice_is_told(shelf: Path) -> None:
    path = shelf / "schemas/objects/book.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent="\t"))
    assert lint(shelf) == []
    path.write_text('{"type": "object",\n"type": "object"}')
    assert [(finding.line, finding.rule) for finding in lint(shelf)] == [(2, "key-twice")]


FILES = ("manifest.yaml", "actions/create-book.yaml", "actions/list-books.yaml", "schemas/objects/book.json")
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.sampled_from(["", "x", "query.x", "body", "body.*", "GET /{x}", "{{", "(", "a b", "https://"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["", "a", "type", "of", "items", "$ref", "x y"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "shelf"
    scaffold.create_connector(folder)
    return folder


@given(file=st.sampled_from(FILES), seed=st.randoms(use_true_random=False), odd=ODD, cut=st.booleans())
def test_whatever_stands_in_a_file_lint_tells_it_and_never_raises(sound: Path, file: str, seed, odd, cut: bool) -> None:
    path = sound / file
    before = path.read_bytes()
    document = strict_yaml.read(before, file)
    data = json.loads(json.dumps(document.data))
    where = seed.choice(sorted((path for path in document.value_positions if path), key=str))
    holder = data
    for name in where[:-1]:
        holder = holder[name]
    if cut:
        del holder[where[-1]]
    else:
        holder[where[-1]] = odd
    try:
        path.write_text(json.dumps(data, indent=1))
        for finding in lint(sound):
            assert finding.line >= 1
            assert finding.message.strip()
    finally:
        path.write_bytes(before)
