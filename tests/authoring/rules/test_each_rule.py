"""Each rule of lint finds the mistake that it is for, at its line, and nothing besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.planting import TAGS, line_of, one_input, plant

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

    from connector.errors import Finding

REFUSAL = "  replies:\n    - {status: 404, body: {error: {code: no_such_book, message: No.}}, expect: {category: not_found}}\n"
CREATE, LIST, GET = "actions/create-book.yaml", "actions/list-books.yaml", "actions/get-book.yaml"
UPDATE = "actions/update-book.yaml"

ONE = "label: One\nhelp: One more.\n"

OBJECT = ONE + "type: object\nto: body.shelf\n"
ROOM, HALL = (f"{name}: {{label: {name.title()}, help: Which one., type: string" for name in ("room", "hall"))


def members(*texts: str) -> str:
    """Return the members of an object, and an example of it; each text lacks its last words and bracket."""
    return "fields:\n" + "".join(f"  {text}, example: a}}\n" for text in texts) + "example: {room: a}\n"


SHELF = [
    # rule, file, old, new, the line of the finding, a part of its message
    ("file-name", CREATE, "action: createBook", "action: makeBook", "action: makeBook", "make-book.yaml"),
    ("word-order", CREATE, "    label: Tags\n    help: Words to find it by.", "    help: Words to find it by.\n    label: Tags", "label: Tags", "'label' must come before 'help'"),
    ("word-order", CREATE, "label: Create Book\nsummary: Add a book to the library.", "summary: Add a book to the library.\nlabel: Create Book", "label: Create Book", "before 'summary'"),
    ("help-is-a-sentence", CREATE, "help: Words to find it by.", "help: Words to find it by", "Words to find", "full stop"),
    ("help-is-a-sentence", CREATE, "help: Words to find it by.", f"help: Words {'and words ' * 16}to find it by.", "and words", "at most 160"),
    ("help-is-a-sentence", CREATE, "help: Words to find it by.", "help: words to find it by.", "words to find", "capital"),
    ("help-is-a-sentence", CREATE, "summary: Add a book to the library.", "summary: Add a book", "summary", "full stop"),
    ("help-is-a-sentence", CREATE, "  help: The new book, with its ID.", "  help: The new book", "The new book", "full stop"),
    ("no-templates", CREATE, "example: [water, towns]", 'example: [water, "{{ tag }}"]', "{{ tag }}", "nothing is evaluated"),
    ("no-templates", CREATE, "    example: Ines Moreau", '    example: "${name}"', "${name}", "'${'"),
    ("docs-deep-link", CREATE, "docs: https://bookshelf.example/docs/books#create", "docs: http://bookshelf.example/docs/books#create", "docs:", "https://"),
    ("docs-deep-link", CREATE, "docs: https://bookshelf.example/docs/books#create", "docs: https://bookshelf.example/docs", "docs:", "section"),
    ("docs-deep-link", CREATE, "docs: https://bookshelf.example/docs/books#create\n", "", "action: createBook", "add `docs`"),
    ("default-or-required", CREATE, "    required: true\n    max: 200", "    required: true\n    suggest: A Walk\n    max: 200", "suggest: A Walk", "required and suggest"),
    ("default-or-required", CREATE, "    default: 1\n    min: 1", "    default: 1\n    suggest: 2\n    min: 1", "suggest: 2", "default and suggest"),
    ("no-default-on-update", UPDATE, "    suggest: 1", "    default: 1", "default: 1", "PATCH"),
    ("secret-default", CREATE, TAGS, one_input("pin", ONE + "type: password\ndefault: abcd\nto: body.pin"), "default: abcd", "password"),
    ("secret-looking", CREATE, TAGS, one_input("readerToken", ONE + "type: string\nto: body.reader\nexample: x"), "type: string#4", "readerToken"),
    ("secret-looking", CREATE, TAGS, one_input("word", ONE + "type: text\nto: body.pass_word.secret\nexample: x"), "type: text", "'secret'"),
    ("default-fits", CREATE, "    default: 1\n    min: 1", "    default: 99\n    min: 1", "default: 99", "1 to 50"),
    ("default-fits", CREATE, "    default: 1\n    min: 1", '    default: "2"\n    min: 1', 'default: "2"', "write it as 2"),
    ("default-fits", CREATE, "    default: 1\n    min: 1", "    default: .nan\n    min: 1", "default: .nan", "whole number"),
    ("default-fits", CREATE, "    default: novel", "    default: nvoel", "default: nvoel", "did you mean novel"),
    ("default-fits", UPDATE, "    suggest: 1", "    suggest: 0", "suggest: 0", "1 to 50"),
    ("example-fits", CREATE, "    example: 1961", "    example: 3000", "example: 3000", "1000 to 2100"),
    ("example-fits", CREATE, "    example: [water, towns]", "    example: water", "example: water", "a list"),
    ("has-example", LIST, "    to: query.q\n    example: canal", "    to: query.q", "  search:", "'search'"),
    ("has-example", GET, "  schema: book\n  example:\n    id: bk_001\n    title: A Walk Along the Canal\n    author: {name: Ines Moreau, born: 1961}\n    genre: travel\n    copies: 2\n    tags: [water, towns]\n    created_at: 2026-01-12T09:30:00Z\n", "", "help: The book.", "`example` of the reply"),
    ("choices-typed", CREATE, TAGS, one_input("level", ONE + "type: integer\nchoices: {1: Low, high: High}\nto: body.level"), "choices: {1: Low", "'high'"),
    ("choices-typed", CREATE, TAGS, one_input("level", ONE + "type: integer\nchoices: {1: Low, 01: High}\nto: body.level"), "choices: {1: Low", "same value as '1'"),
    ("no-effect", CREATE, TAGS, one_input("level", ONE + "type: json\nchoices: {a: Low}\nto: body.level"), "choices: {a: Low", "cannot have choices"),
    ("no-effect", CREATE, TAGS, one_input("level", ONE + "type: string\nallow_other: true\nto: body.level\nexample: x"), "allow_other", "no choices to add others to"),
    ("choices-file", CREATE, TAGS, one_input("shelf", ONE + "type: string\nchoices_file: shelfs\nto: body.shelf"), "choices_file: shelfs", "shelfs.json"),
    ("limits", CREATE, "    min: 1000\n    max: 2100", "    min: 2100\n    max: 1000", "min: 2100", "no value"),
    ("no-effect", CREATE, TAGS, one_input("new", ONE + "type: boolean\nmax: 3\nto: body.new"), "max: 3", "cannot be limited"),
    ("pattern", CREATE, TAGS, one_input("isbn", ONE + "type: string\npattern: (a)\\1\nto: body.isbn\nexample: aa"), "pattern:", "linear engine"),
    ("pattern", CREATE, TAGS, one_input("isbn", ONE + "type: string\npattern: (unclosed\nto: body.isbn\nexample: aa"), "pattern:", "linear engine"),
    ("no-effect", CREATE, TAGS, one_input("isbn", ONE + "type: integer\nformat: digits\nto: body.isbn\nexample: 1"), "format: digits", "for texts"),
    ("place", CREATE, "    to: body.tags", "    to: bdoy.tags", "to: bdoy.tags", "Did you mean 'body'"),
    ("place", CREATE, "    to: body.tags", "    to: query", "to: query", "query.name"),
    ("place", CREATE, "    to: body.tags", "    to: raw.body", "to: raw.body", "no part 'raw'"),
    ("place", CREATE, "    to: body.tags", "    to: body.tags.*", "to: body.tags.*", "spread"),
    ("place", CREATE, "    to: body.tags", "    to: form.tags", "to: form.tags", "body: form"),
    ("one-place", CREATE, "    to: body.tags", "    to: body.title", "to: body.title#2", "title at line"),
    ("one-place", CREATE, "    to: body.tags", "    to: body.author", "to: body.author#3", "authorName at line"),
    ("path-complete", GET, "request: GET /books/{bookId}", "request: GET /books/{bookID}", "request:", "bookId at line 10 goes to path.bookId"),
    ("path-complete", GET, "request: GET /books/{bookId}", "request: GET /books/{bookId}/{chapter}", "request:", "{chapter} has no input"),
    ("path-complete", GET, "    to: path.bookId\n    example: bk_001\n", "    to: path.bookId\n    example: bk_001\n  page:\n    label: Page\n    help: The page.\n    type: string\n    required: true\n    to: path.page\n    example: x\n", "to: path.page", "the request at line 7 has no {page}"),
    ("path-complete", GET, "    required: true\n", "", "  bookId:", "required"),
    ("request-path", GET, "request: GET /books/{bookId}", "request: GET /shelf/../books/{bookId}", "request:", "below the base URL"),
    ("request-path", GET, "request: GET /books/{bookId}", "request: GET //evil.example/{bookId}", "request:", "segments"),
    ("request-path", GET, "request: GET /books/{bookId}", "request: GET /books/{bookId}?all=1", "request:", "query"),
    ("body-on-get", LIST, "    to: query.q", "    to: body.q", "to: body.q", "GET has no body"),
    ("body-on-get", "actions/delete-book.yaml", "request: DELETE /books/{bookId}\n", "request: DELETE /books/{bookId}\nconstants: {body.reason: sold}\n", "constants:", "DELETE"),
    ("no-effect", CREATE, TAGS, one_input("note", ONE + 'type: string\njoin: ","\nto: body.note\nexample: x'), "join:", "lists"),
    ("no-effect", CREATE, TAGS, one_input("note", ONE + "type: string\nencode: uuid\nto: body.note\nexample: x"), "encode:", "path"),
    ("no-effect", CREATE, TAGS, one_input("note", ONE + "type: string\nfuture: true\nto: body.note\nexample: x"), "future:", "datetime"),
    ("fields-declared", CREATE, TAGS, one_input("shelf", ONE + "type: object\nto: body.shelf\nexample: {room: a}"), "type: object", "type json"),
    ("no-effect", CREATE, TAGS, one_input("shelf", ONE + "type: json\nto: body.shelf\n" + members(ROOM)), "fields:", "not for json"),
    ("place", CREATE, TAGS, one_input("shelf", ONE + "type: object\nto: header.X-Shelf\n" + members(ROOM)), "to: header.X-Shelf", "an object goes to"),
    ("place", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", to: .")), "room: {label", "make it required"),
    ("place", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", required: true, to: .", HALL)), "room: {label", "only the value of its one member"),
    ("one-place", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM, HALL + ", to: 0.name")), "hall: {label", "an object and a list of the same"),
    ("one-place", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM, HALL + ", to: room")), "hall: {label", "is used by room too"),
    ("requires-exist", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", requires: rum")), "room: {label", "no input 'rum'"),
    ("conflicts-mutual", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", conflicts_with: hall", HALL)), "room: {label", "'hall' at line"),
    ("no-effect", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", encode: uuid")), "room: {label", "path"),
    ("example-fits", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM).replace("{room: a}", "{rooom: a}")), "example: {rooom", "did you mean room"),
    ("no-effect", CREATE, TAGS, one_input("shelf", ONE + "type: string\nwire: seconds\nto: body.shelf\nexample: a"), "wire:", "type datetime"),
    ("no-effect", CREATE, TAGS, one_input("shelf", ONE + "type: string\nunit: minutes\nto: body.shelf\nexample: a"), "unit:", "for numbers"),
    ("place", CREATE, TAGS, one_input("shelf", ONE + "type: string\nto: body.shelf\nadds: {bdoy.kind: a}\nexample: a"), "adds:", "Did you mean 'body'"),
    ("one-place", CREATE, TAGS, one_input("shelf", ONE + "type: string\nto: body.shelf\nadds: {body.tags: a}\nexample: a"), "adds:", "tags at line"),
    ("one-place", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", to: a.b", HALL + ", adds: {a.b: 1}")), "hall: {label", "used by room too"),
    ("one-place", CREATE, TAGS, one_input("shelf", ONE + "type: string\nto: body.copies.0.id\nexample: a"), "to: body.copies.0.id", "copies at line"),
    ("one-place", CREATE, TAGS, one_input("shelf", ONE + "type: string\nto: body.a.0.id\nadds: {body.a.b: 1}\nexample: a"), "adds:", "an object and a list of the same"),
    ("shape", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM + ", adds: {'a[0]': b}")), "room: {label", "between dots"),
    ("keys-fold", CREATE, TAGS, one_input("shelf", OBJECT + members(ROOM, ROOM.replace("room", "Room") + ", to: b")), "Room: {label", "is room in snake_case"),
    ("requires-exist", CREATE, "    max: 10\n    to: body.tags", "    max: 10\n    requires: titel\n    to: body.tags", "requires: titel", "Did you mean 'title'"),
    ("requires-exist", CREATE, "    max: 10\n    to: body.tags", "    max: 10\n    requires: {genre: [poetry]}\n    to: body.tags", "requires: {genre", "never 'poetry'"),
    ("requires-exist", CREATE, "    max: 10\n    to: body.tags", "    max: 10\n    conflicts_with: tags\n    to: body.tags", "conflicts_with: tags", "itself"),
    ("requires-exist", CREATE, "returns:\n", "any_of:\n  - of: [tags, subtitle]\n\nreturns:\n", "of: [tags, subtitle]", "'subtitle'"),
    ("requires-exist", CREATE, "    inputs: {title: Bread in Ten Steps, authorName: Tobe Okafor}", "    inputs: {titel: Bread in Ten Steps, authorName: Tobe Okafor}", "inputs: {titel", "'titel'"),
    ("conflicts-mutual", CREATE, "    max: 10\n    to: body.tags", "    max: 10\n    conflicts_with: copies\n    to: body.tags", "conflicts_with: copies", "'copies' at line"),
    ("choices-from", CREATE, TAGS, one_input("shelf", ONE + "type: string\nchoices_from: {action: listShelves, items: shelves, value: id, label: name}\nto: body.shelf"), "choices_from", "'listShelves'"),
    ("choices-from", CREATE, TAGS, one_input("loan", ONE + "type: string\nchoices_from: {action: getBook, items: loans, value: id, label: name}\nto: body.loan"), "choices_from", "requires 'bookId'"),
    ("keys-fold", CREATE, TAGS, one_input("Title", ONE + "type: string\nto: body.other\nexample: x"), "  Title:", "is title in snake_case"),
    ("choices-from", CREATE, "    to: body.genre", "    choices_from: {action: listBooks, items: books, value: id, label: title, inputs: {wordz: x}}\n    to: body.genre", "choices_from:", "no input 'wordz'"),
    ("choices-from", CREATE, "    to: body.genre", "    choices_from: {action: listBooks, items: books, value: id, label: title, search: wordz}\n    to: body.genre", "choices_from:", "no input 'wordz'"),
    ("choices-from", CREATE, "    to: body.genre", "    choices_from: {action: createBook, items: books, value: id, label: title, inputs: {title: x, authorName: x}}\n    to: body.genre", "choices_from:", "may change something"),
    ("server-known", CREATE, "request: POST /books", "request: POST /books\nserver: uploads", "server: uploads", "no server 'uploads'"),
    ("no-effect", "manifest.yaml", "pagination: {style", "servers: {uploads: 'https://api.bookshelf.example/up'}\npagination: {style", "servers:", "no action has"),
    ("no-effect", CREATE, "request: POST /books", "weight: 5\nrequest: POST /books", "weight:", "no `rate`"),
    ("rate-known", CREATE, "request: POST /books", "rate: light\nrequest: POST /books", "rate: light", "no rate 'light'"),
    ("connection-known", CREATE, "request: POST /books\n", "request: POST /books\nconnections: [acessToken]\n", "connections:", "Did you mean 'accessToken'"),
    ("idempotent", CREATE, "request: POST /books\n", "request: POST /books\nidempotent: yes\n", "idempotent:", "why"),
    ("no-effect", LIST, "request: GET /books\n", "request: GET /books\nidempotent: false\n", "idempotent:", "GET"),
    ("no-effect", LIST, "request: GET /books\n", "request: GET /books\nread_only: true\n", "read_only:", "only reads anyway"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nread_only: false\n", "read_only:", "unless this is true"),
    ("no-effect", "actions/delete-book.yaml", "request: DELETE /books/{bookId}\n", "request: DELETE /books/{bookId}\nread_only: true\n", "read_only:", "may write"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nread_only: true\nconfirm: true\n", "confirm:", "only reads changes nothing"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nread_only: true\nidempotent: It only reads the books.\n", "idempotent:", "twice anyway"),
    ("no-effect", "actions/delete-book.yaml", "request: DELETE /books/{bookId}\n", "request: DELETE /books/{bookId}\nidempotent: it is gone then\n", "idempotent:", "anyway"),
    ("no-effect", LIST, "request: GET /books\n", "request: GET /books\nconfirm: true\n", "confirm:", "a GET changes nothing"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nconfirm: false\n", "confirm:", "a POST is not confirmed"),
    ("no-effect", "actions/delete-book.yaml", "request: DELETE /books/{bookId}\n", "request: DELETE /books/{bookId}\nconfirm: true\n", "confirm:", "a DELETE is confirmed anyway"),
    ("pagination-complete", LIST, "pagination: {items: books}", "pagination: {items: boks}", "pagination:", "no list at 'boks'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: boks, url: title, name: [id]}]", "downloads:", "no list at 'boks'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: cover, name: [id]}]", "downloads:", "text at 'cover'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: title, name: [isbn]}]", "downloads:", "text at 'isbn'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: title, name: [id], size: title}]", "downloads:", "number at 'title'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: title, name: [id], extension: copies}]", "downloads:", "text at 'copies'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: title, name: [id], token: key}]", "downloads:", "no text at 'key'"),
    ("downloads", LIST, "pagination: {items: books}", "pagination: {items: books}\ndownloads: [{items: books, url: title, name: [id], extension: title, may_be_json: true}]", "downloads:", "no effect beside `extension`"),
    ("pagination-complete", LIST, "pagination: {items: books}", "pagination: {items: books, cursor_param: header.after}", "pagination:", "query.x"),
    ("example-payload-fits-schema", CREATE, "    copies: 1\n    created_at", '    copies: "1"\n    created_at', 'copies: "1"', "expected integer"),
    ("example-payload-fits-schema", CREATE, "  schema: book\n", "  schema: bok\n", "schema: bok", "Did you mean 'book'"),
    ("examples-run", CREATE, "        genre: novel\n        copies: 1\n", "        genre: novel\n        copies: 2\n", "      body:", '"copies": 1'),
    ("examples-run", CREATE, "    inputs: {title: Bread in Ten Steps, authorName: Tobe Okafor}\n    request:\n      path: /books\n", "    inputs: {title: Bread in Ten Steps, authorName: Tobe Okafor}\n    request:\n      path: /book\n", "path: /book", "sent is /books"),
    ("examples-run", CREATE, "    inputs: {title: Bread in Ten Steps, authorName: Tobe Okafor}", "    inputs: {title: Bread in Ten Steps}", "inputs: {title", "authorName"),
    ("examples-run", LIST, "      query: {genre: travel, q: canal}", "      query: {genre: travel}", "query: {genre: travel}", "q is sent as 'canal'"),
    ("examples-run", LIST, "    inputs: {genre: travel, search: canal}", "    inputs: {genre: travels, search: canal}", "inputs: {genre", "did you mean travel"),
    ("has-example", "actions/delete-book.yaml", "\nexamples:\n  By its id:\n    inputs: {bookId: bk_001}\n    request:\n      path: /books/bk_001\n", "", "action: deleteBook", "at least one example"),
    ("same-key-same-meaning", UPDATE, "    label: Title\n", "    label: Titel\n", "label: Titel", '"Title" at'),
    ("unknown-word", CREATE, "    max: 10\n    to: body.tags", "    mx: 10\n    to: body.tags", "mx: 10", "Did you mean 'max'"),
    ("type", CREATE, "    max: 10\n    to: body.tags", "    max: ten\n    to: body.tags", "max: ten", "a number"),
    ("missing-word", CREATE, "    type: list of string\n", "", "  tags:", "'type' is missing"),
    ("choices", CREATE, "    type: list of string\n", "    type: list of strings\n", "list of strings", "Did you mean 'list of string'"),
    ("yaml", CREATE, "  tags:\n", "\ttags:\n", "\ttags:", "spaces, not tabs"),
    ("place", CREATE, TAGS, one_input("host", ONE + "type: string\nto: header.Host\nexample: x"), "to: header.Host", "follows from the base URL"),
    ("place", CREATE, TAGS, one_input("host", ONE + "type: string\nto: header.Authorization\nexample: x"), "to: header.Auth", "comes from the connection"),
    ("place", CREATE, TAGS, one_input("host", ONE + "type: string\nto: header.X(A)\nexample: x"), "to: header.X(A)", "check 'X(A)'"),
    ("place", "manifest.yaml", "pagination:", "constants: {header.Transfer-Encoding: chunked}\npagination:", "constants:", "follows from the body"),
    ("errors", "manifest.yaml", "    - {category: not_found, code: no_such_book}\n", "    - {category: not_found, code: no_such_book}\n    - {category: conflict, status: 409, code: [no_such_book]}\n", "{category: conflict", "matches all of this"),
    ("no-effect", "manifest.yaml", "{category: not_found, code: no_such_book}", '{category: not_found, code: no_such_book, names: "id (.*)"}', "names:", "category: scope"),
    ("pagination-complete", LIST, "pagination: {items: books}", "pagination: {items: books, cursor_param: query.n, size_param: query.n}", "pagination:", "a place of its own"),
    ("allowed-hosts", "manifest.yaml", "allowed_hosts: [api.bookshelf.example]", "allowed_hosts: []", "allowed_hosts:", "may receive credentials"),
    ("allowed-hosts", "manifest.yaml", "allowed_hosts: [api.bookshelf.example]", "allowed_hosts: [bookshelf.example]", "base_url:", "not among `allowed_hosts`"),
    ("allowed-hosts", "manifest.yaml", "allowed_hosts: [api.bookshelf.example]", 'allowed_hosts: [api.bookshelf.example, "https://x.example"]', "allowed_hosts:", "not a host name"),
    ("base-url", "manifest.yaml", "base_url: https://api.bookshelf.example/v1", "base_url: https://api.bookshelf.example/v1/", "base_url:", "slash"),
    ("connection-inputs", "manifest.yaml", "        type: password\n", "        type: integer\n", "inputs:", "type password"),
    ("connection-inputs", "manifest.yaml", "    kind: bearer\n", "    kind: bearer\n    pkce: false\n", "pkce: false", "is for OAuth"),
    ("action-known", "manifest.yaml", "    kind: bearer\n", "    kind: bearer\n    allowed_actions: [listBook]\n", "allowed_actions:", "Did you mean 'listBooks'"),
    ("connection-test", "manifest.yaml", "test: {action: listBooks}", "test: {action: listBook}", "test: {action", "Did you mean 'listBooks'"),
    ("connection-test", "manifest.yaml", "test: {action: listBooks}", "test: {action: createBook, inputs: {title: A, authorName: B}}", "test: {action", "a test is a GET, or a POST with `read_only: true`"),
    ("connection-test", "manifest.yaml", "test: {action: listBooks}", "test: {action: getBook}", "test: {action", "bookId"),
    ("connection-test", "manifest.yaml", "test: {action: listBooks}", "test: {action: listBooks, inputs: {genre: travels}}", "test: {action", "did you mean travel"),
    ("connection-test", "manifest.yaml", "test: {action: listBooks}", "test: {action: listBooks, identity_fields: [owner]}", "test: {action", "has no 'owner'"),
    ("connection-test", "manifest.yaml", "    kind: bearer\n", "    kind: bearer\n    allowed_actions: [getBook]\n", "  accessToken:", "`test: null`"),
    ("errors", "manifest.yaml", "  request_id: header.x-request-id", "  request_id: x-request-id", "request_id:", "header"),
    ("errors", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: cursor_expired}", "{category: cursor_expired}", "add a condition"),
    ("shape", "manifest.yaml", "  message: error.message\n", "  message: [error.message, 'errors[0].message']\n", "message: [error", "errors.0.code"),
    ("shape", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: {'a[0]': [1]}\n", "failed: {'a[0]'", "errors.0.code"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: [error.code, error.code]\n", "code: [error.code", "once"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: {}\n", "failed: {}", "name a place"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: {ok: []}\n", "failed: {ok", "list the values"),
    ("reply-path", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: oops\n" + REFUSAL, "failed: oops", "anything at 'oops'"),
    ("reply-path", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: {is_ok: [false]}\n" + REFUSAL, "failed: {is_ok", "anything at 'is_ok'"),
    ("reply-path", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: [error, {is_ok: [false]}]\n" + REFUSAL, "failed: [error", "anything at 'is_ok'"),
    ("reply-path", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  retry_after: error.wait\n" + REFUSAL, "retry_after:", "anything at 'error.wait'"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: []\n", "failed: []", "at least one"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: [a, a]\n", "failed: [a", "once"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: [a, {ok: []}]\n", "failed: [a", "list the values"),
    ("shape", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  failed: [b, 'a[0]']\n", "failed: [b", "errors.0.code"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  success_codes: []\n", "success_codes:", "list the codes"),
    ("no-effect", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  unit: ms\n", "unit: ms", "no `retry_after`"),
    ("errors", "manifest.yaml", "  code: error.code\n", "  code: error.code\n  fields: header.X-Fields\n", "fields: header", "a place in the body"),
    ("errors", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: cursor_expired, status: [200, 201]}", "status: [200", "no error has this status"),
    ("no-effect", GET, "  schema: book\n", "  type: text\n  partial: errors\n", "partial: errors", "read of JSON"),
    ("pattern", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: scope, code: 7, names: '(?=x)'}", "names:", "linear"),
    ("pattern", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: scope, code: 7, names: '(a)\\1'}", "names:", "back-references"),
    ("pattern", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: scope, code: 7, names: '(a'}", "names:", "unterminated"),
    ("pattern", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: scope, code: 7, names: '(a{999})'}", "names:", "200 steps"),
    ("pattern", "manifest.yaml", "{category: cursor_expired, code: cursor_expired}", "{category: scope, code: 7, names: 'scopes: .*'}", "names:", "in a group"),
    ("rate-form", "manifest.yaml", "sandbox:\n", "rates:\n  quotas:\n    day: {limit: many, by: path.bookId}\nsandbox:\n", "day: {limit", "100/day"),
    ("place", "manifest.yaml", "pagination: {style", "constants: {path.x: 1}\npagination: {style", "constants:", "header.X"),
    ("subaccounts", "manifest.yaml", "pagination: {style", "subaccounts: {prefix: /branches}\npagination: {style", "subaccounts:", "in braces"),
    ("one-of", "manifest.yaml", "pagination: {style", "subaccounts: {prefix: '/b/{id}', header: X-Branch}\npagination: {style", "subaccounts:", "give either"),
    ("redact", "manifest.yaml", "  fields: [lending_code]", "  fields: [lending_code, Lending_Code]", "fields:", "twice"),
    ("resource", "manifest.yaml", "    item: /books/{bookId}", "    item: /book/{bookId}", "item: /book/", "no action has the path"),
    ("resource", "manifest.yaml", "    new_id: text\n", "    new_id: text\n    changed_since: {input: newsOf}\n", "changed_since:", "listBooks has no input 'newsOf'"),
    ("no-effect", "manifest.yaml", "    list: /books\n", "    changed_since: {input: newsOf}\n", "changed_since:", "no `list`"),
    ("trigger", "manifest.yaml", "sandbox:\n", "triggers:\n  books: {label: Books, summary: Tell of books., watch: {resources: [boks]}}\nsandbox:\n", "books: {label", "Did you mean 'books'?"),
    ("trigger", "manifest.yaml", "sandbox:\n", "triggers:\n  books: {label: Books, summary: Tell of books., watch: {resources: [books, books]}}\nsandbox:\n", "books: {label", "listed twice"),
    ("trigger", "manifest.yaml", "sandbox:\n", "triggers:\n  loans: {label: Loans, summary: Tell of loans., watch: {resources: [loans]}}\nsandbox:\n", "loans: {label", "no resource"),
    ("no-effect", "manifest.yaml", "sandbox:\n", "triggers:\n  books:\n    label: Books\n    summary: Tell of books.\n    watch: {resources: [books]}\n    max_age: 60\nsandbox:\n", "max_age: 60", "is polled"),
    ("one-of", "manifest.yaml", "sandbox:\n", "triggers:\n  books: {label: Books, summary: Tell of books.}\nsandbox:\n", "books: {label", "`watch`"),
    ("resource", "manifest.yaml", "    new_id: text\n", "    new_id: text\n    parent: shelves\n", "parent: shelves", "'shelves'"),
    ("resource", "manifest.yaml", "      - id: bk_001\n        title", "      - title", "      - title", "'id' is missing"),
    ("no-effect", "manifest.yaml", "        required: true\n", "        required: true\n        choices_from: {action: listBooks, items: books, value: id, label: title}\n", "choices_from:", "before an action can be run"),
    ("examples-run", CREATE, "        copies: 1\n  Everything:", "        copies: 1\n      form: {title: x}\n  Everything:", "form:", "no form is sent"),
    ("resource", "manifest.yaml", "    new_id: text\n", "    new_id: text\n    parent: books\n", "      - id: bk_001", "`parent: bk_001`"),
    ("resource", "manifest.yaml", "    new_id: text\n    seed:\n      - id: bk_001\n", "    new_id: text\n    parent: books\n    seed:\n      - id: bk_001\n        parent: bk_002\n", None, "books has no record 'bk_002'"),
    ("no-effect", "manifest.yaml", "    new_id: text\n", "    new_id: text\n    parent_id: shelf\n", "parent_id:", "no `parent`"),
    ("no-effect", CREATE, "request: POST /books\n\ninputs:\n", "request: POST /books\nbody: multipart\n\ninputs:\n  cover:\n    label: Cover\n    help: A picture of it.\n    type: file\n    suggest: a.txt\n    to: file.cover\n", "suggest: a.txt", "given by the caller"),
    ("place", CREATE, "to: body.tags", "to: tags", "to: tags", "Say the part first: query.tags or body.tags."),
    ("place", CREATE, TAGS, one_input("file", ONE + "type: file\nto: body.file"), "to: body.file", "a file goes to file.x"),
    ("place", CREATE, TAGS, one_input("names", ONE + "type: map of string\nto: header.X-Names\nexample: {a: b}"), "to: header.X-Names", "a mapping goes to"),
    ("fields-declared", CREATE, TAGS, one_input("shelf", ONE + "type: object\nto: body.shelf\nexample: {}"), "type: object", "declares its members"),
    ("no-effect", CREATE, TAGS, one_input("shelf", ONE + "type: string\nto: body.shelf\nvariants: {a: {label: A}}\nexample: a"), "variants:", "not for string"),
    ("no-effect", CREATE, TAGS, one_input("one", ONE + "type: scalar\nmin: 7\nto: body.one\nexample: a"), "min: 7", "cannot be limited"),
    ("no-effect", "manifest.yaml", "connections:\n", "inputs:\n  shelf: {label: Shelf, help: Where., type: string, to: query.shelf, example: a}\nconnections:\n", "shelf:", "no action says `use`"),
    ("no-effect", "manifest.yaml", "connections:\n", "types:\n  shelf:\n    room: {label: Room, help: Where., type: string, example: a}\nconnections:\n", "shelf:", "nothing has `fields: '@shelf'`"),
    ("one-place", "manifest.yaml", "connections:\n", "types:\n  shelf:\n    room: {label: Room, help: Where., type: string, example: a}\n    more: {label: More, help: Where., type: list of object, fields: '@shelf', to: room, example: []}\nconnections:\n", "to: room", "room is used by room too"),
    ("requires-exist", "manifest.yaml", "connections:\n", "types:\n  shelf:\n    room: {label: Room, help: Where., type: string, requires: rom, example: a}\n    more: {label: More, help: Where., type: list of object, fields: '@shelf', example: []}\nconnections:\n", "requires: rom", "there is no input 'rom'"),
    ("no-effect", CREATE, "      cooking: Cooking\n", "      cooking: Cooking\n    max: 30\n", "max: 30", "no value but the choices"),
    ("no-effect", CREATE, "      cooking: Cooking\n", "      cooking: Cooking\n    pattern: '[a-z]+'\n", "pattern:", "no value but the choices"),
    ("no-effect", CREATE, "    max: 10\n    to: body.tags", "    max: 10\n    requires: title\n    to: body.tags", "requires: title", "required anyway"),
    ("no-effect", CREATE, "returns:\n", "any_of:\n  - of: [title, tags]\n\nreturns:\n", "of: [title, tags]", "required anyway"),
    ("no-effect", LIST, "request: GET /books\n", "request: GET /books\nbody: form\n", "body: form", "sends no body"),
    ("no-effect", LIST, "request: GET /books\n", "request: GET /books\ncontent_type: text/xml\n", "content_type:", "sends no body"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nlists: comma\n", "lists: comma", "no list is sent"),
    ("no-effect", CREATE, "request: POST /books\n", "request: POST /books\nform_nesting: brackets\n", "form_nesting:", "no nested value"),
    ("no-effect", GET, "request: GET /books/{bookId}\n", "request: GET /books/{bookId}\nsubaccount: false\n", "subaccount:", "no `subaccounts`"),
    ("no-effect", "actions/delete-book.yaml", "  type: none\n", "  type: none\n  schema: book\n", "schema: book", "type none has no `schema`"),
    ("no-effect", "actions/delete-book.yaml", "  type: none\n", "  type: none\n  max_bytes: 9\n", "max_bytes:", "type none has no `max_bytes`"),
    ("missing-word", LIST, "pagination: {items: books}\n\nreturns:\n", "pagination: {}\n\nreturns:\n  columns: [title]\n", "pagination:", "'items' is missing"),
    ("deletion-confirmed", "actions/delete-book.yaml", "request: DELETE", "request: POST", "request: POST", "say `confirm: true`"),
    ("content-type", CREATE, "request: POST /books\n", "request: POST /books\nconstants: {header.content-type: text/xml}\n", "constants:", "use `content_type`"),
    ("content-type", CREATE, TAGS, one_input("kind", ONE + "type: string\nto: header.Content-Type\nexample: text/xml"), "to: header.Content-Type", "use `content_type`"),
    ("content-type", CREATE, "request: POST /books\n", "request: POST /books\ncontent_type: application/json; charset=latin-1\n", "content_type:", "UTF-8"),
    ("content-type", "manifest.yaml", "pagination: {style", "constants: {header.Content-Type: text/xml}\npagination: {style", "constants:", "in the actions"),
    ("word-order", "manifest.yaml", "        type: password\n        required: true\n", "        required: true\n        type: password\n", "type: password", "before 'required'"),
    ("schema", "schemas/objects/book-list.json", '"book.json"', '"boo.json"', "boo.json", "Did you mean 'book'"),
    ("schema", "schemas/objects/book-list.json", '"book.json"', '"../book.json"', "../book.json", "out of this folder"),
    ("schema", "schemas/objects/book-list.json", '"book.json"', '"https://bookshelf.example/book.json"', "https://bookshelf", "out of this folder"),
    ("schema", "schemas/objects/book-list.json", '"book.json"', '"book.json#/$defs/none"', "$defs/none", "refers to no schema"),
    ("schema", "schemas/objects/book-list.json", '"next": {"type": "string"}', '"next": {"type": "text"}', '"text"', "not a JSON Schema"),
    ("schema", "schemas/objects/book-list.json", '"next": {"type": "string"}', '"next": {"anyOf": [{"$ref": "#/properties/next"}]}', "anyOf", "refers to itself"),
    ("json", "schemas/objects/book.json", '"title": "Book",', '"title": "Book"', '"description"', "delimiter"),
]  # fmt: skip

COPIED = [
    ("scopes-named", "actions/list-webinars.yaml", "scopes: {classic: [webinar:read, webinar:read:admin], granular: [webinar:read:list_webinars, webinar:read:list_webinars:admin]}\n", "", "action: listWebinars", "scopes"),
    ("rate-known", "actions/list-webinars.yaml", "rate: medium", "rate: medum", "rate: medum", "Did you mean 'medium'"),
    ("no-effect", "actions/list-webinars.yaml", "rate: medium", "rate: medium\nweight: 1", "weight: 1", "counts once"),
    ("rate-form", "actions/list-webinars.yaml", "rate: medium", "rate: heavy\nweight: 90000", "weight: 90000", "no call would ever fit"),
    ("rate-named", "actions/list-webinars.yaml", "rate: medium\n", "", "action: listWebinars", "name its rate"),
    ("place", "actions/raw-request.yaml", "    to: raw.reply", "    to: raw.replies", "to: raw.replies", "Did you mean 'raw.reply'"),
    ("choices-file", "actions/list-meetings.yaml", "choices_file: timezones", "choices_file: timezone", "choices_file:", "Did you mean 'timezones'"),
    ("parity", "actions/list-users.yaml", "    label: Role Id\n", "    label: Role ID\n", "label: Role ID", "'Role Id' on the page"),
    ("parity", "actions/list-users.yaml", '    example: "0"\n', '    example: "1"\n', 'example: "1"', "'0' on the page"),
    ("parity", "actions/list-users.yaml", "    default: active\n", "    suggest: active\n", "suggest: active", "suggested"),
    ("parity", "parity.yaml", "    input: ttl\n", "    input: [ttl, meetingId]\n", "action: getMeetingRecordings", "as on the page"),
    ("parity", "parity.yaml", "  - connection: [serverToServer, apiJwt, accessToken]\n    what: added", "  - connection: [serverToServer, apiJwt]\n    what: added", None, "no such connection"),
    ("same-key-same-meaning", "parity.yaml", "differs:\n", "differs:\n  - {input: topic, what: label, actions: [createMeeting], reason: None.}\n", "input: topic", "the same everywhere"),
    ("unknown-word", "parity.yaml", "    actions: [createUser]\n", "    action: [createUser]\n", "    action: [createUser]", "Did you mean 'actions'"),
    ("resource", "manifest.yaml", "    schema: webinar\n", "    schema: webinr\n", "schema: webinr", "Did you mean 'webinar'"),
    ("trigger", "manifest.yaml", 'payload: "v0:{timestamp}:{body}"', 'payload: "v0:{timestamp}"', "payload:", "{body}"),
    ("trigger", "manifest.yaml", 'format: "v0={hex}"', 'format: "v0={hexa}"', "      format:", "Did you mean 'hex'"),
    ("trigger", "manifest.yaml", 'encryptedToken: "{hex}"', 'encryptedToken: "{hash}"', "encryptedToken", "use {read} and {hex}"),
    ("connection-inputs", "manifest.yaml", "      accountId:\n        label: Account ID", "      acountId:\n        label: Account ID", "inputs:#2", "accountId"),
    ("resource", "manifest.yaml", "    item: /webinars/{webinarId}\n", "    item: /webinar/{webinarId}\n", "item: /webinar/", "Did you mean"),
]  # fmt: skip


def check_case(folder: Path, case: tuple[str, str, str, str, str | None, str]) -> list[Finding]:
    """Plant a mistake, assert that lint finds it at its line, and return all findings."""
    rule, file, old, new, marker, message = case
    plant(folder / file, old, new)
    findings = lint(folder)
    texts = [str(finding) for finding in findings]
    matches = [finding for finding in findings if finding.rule == rule and message in finding.message]
    assert matches, texts
    if marker is not None:
        assert matches[0].file == str(folder / file), texts
        assert matches[0].line == line_of(folder / file, marker), texts
    return findings


@pytest.mark.parametrize("case", SHELF, ids=[f"{case[0]}-{number}" for number, case in enumerate(SHELF)])
def test_a_rule_finds_its_mistake_at_its_line_and_nothing_besides(shelf: Path, case) -> None:
    findings = check_case(shelf, case)
    assert len(findings) == 1, [str(finding) for finding in findings]


@pytest.mark.parametrize("case", COPIED, ids=[f"{case[0]}-{number}" for number, case in enumerate(COPIED)])
def test_a_rule_finds_its_mistake_in_the_bundled_connector(copied: Path, case) -> None:
    check_case(copied, case)


def test_a_delete_sends_a_body_where_its_file_says_so(shelf: Path) -> None:
    line = "request: DELETE /books/{bookId}\n"
    file = shelf / "actions" / "delete-book.yaml"
    text = file.read_text("utf-8").replace(line, f"{line}constants: {{body.reason: sold}}\nbody: json\n")
    file.write_text(text.replace("    request:\n", "    request:\n      body: {reason: sold}\n"), "utf-8")
    assert [str(finding) for finding in lint(shelf) if finding.voice == "error"] == []
