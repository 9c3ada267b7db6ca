"""A new connector is complete: it has no mistake, its examples run, and its sandbox answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import Client, Connector
from connector.authoring import docs, scaffold
from connector.authoring.lint import lint
from connector.core.exchange.plan import compile_action
from connector.errors import NotFound, StoreError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_connector_has_no_mistake_and_fresh_pages(tmp_path: Path) -> None:
    written = scaffold.create_connector(tmp_path / "shelf")
    assert lint(tmp_path / "shelf") == []
    assert docs.write(tmp_path / "shelf", check=True) == []
    assert written == sorted(path for path in (tmp_path / "shelf").rglob("*") if path.is_file())
    assert all(path.stat().st_size for path in written)


def test_every_example_of_a_new_connector_runs(shelf: Path) -> None:
    connector = Connector.open(shelf)
    for action in connector.actions():
        planned = compile_action(connector, action.action)
        for example in action.examples.values():
            request = planned.build_request(planned.validate(example.inputs))
            assert request.path == example.request.path
            assert (request.body.value if request.body else None) == example.request.body


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        scaffold.create_connector(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match="not empty"):
        scaffold.create_connector(tmp_path / "mine.txt")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert scaffold.create_connector(tmp_path)[0].is_file()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as caught:
        scaffold.create_connector(tmp_path / "file" / "inside")
    assert str(tmp_path / "file") in str(caught.value)


def test_a_new_connector_runs_against_its_own_sandbox(shelf: Path) -> None:
    from connector.sandbox.sandbox import Sandbox

    connector = Connector.open(shelf)
    box = Sandbox(connector)
    with Client(connector, box.connection, http=box.http) as client:
        made = client.run("createBook", {"title": "Bread in Ten Steps", "author_name": "Tobe Okafor"}).data
        assert made["author"] == {"name": "Tobe Okafor"}
        titles = [book["title"] for book in client.items("listBooks")]
        assert sorted(titles) == ["A Walk Along the Canal", "Bread in Ten Steps"]
        client.run("updateBook", {"bookId": made["id"], "copies": 3})
        assert client.run("getBook", {"bookId": made["id"]}).data["copies"] == 3
        client.run("deleteBook", {"bookId": made["id"]})
        with pytest.raises(NotFound):
            client.run("getBook", {"bookId": made["id"]})
