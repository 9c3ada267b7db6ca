"""The public face is exactly what it says, explained, and quick to load."""

from __future__ import annotations

import ast
import importlib
import inspect
import pickle
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from house.sources import modules

import connector
from connector import errors

FACE = ["AsyncClient", "Client", "Connection", "Connector", "Items", "Request", "Result", "errors"]
KINDS = sorted(
    (kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.ConnectorError)),
    key=lambda kind: kind.__name__,
)


def test_the_public_names_are_exactly_these():
    assert sorted(set(connector.__all__) - {"__version__"}) == FACE
    assert sorted(name for name in dir(connector) if not name.startswith("_")) == FACE


@pytest.mark.parametrize("name", FACE)
def test_every_public_name_is_explained(name):
    thing = getattr(connector, name)
    assert inspect.getdoc(thing)
    for method, function in inspect.getmembers(thing, inspect.isfunction):
        if not method.startswith("_"):
            assert inspect.getdoc(function), f"{name}.{method}"


def test_every_function_is_annotated():
    bare = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None:
                bare.append(f"{name}.{node.name}")
    assert bare == []


def test_an_unknown_name_is_told_as_python_tells_it():
    with pytest.raises(AttributeError, match="Clent"):
        connector.Clent  # noqa: B018  the look-up is the test


def test_importing_the_package_loads_no_library():
    script = "import sys, connector; print(sorted({'pydantic', 'httpx', 'yaml', 'click', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_survives_a_pickle(kind):
    facts = {"hint": "Do this.", "retryable": True, "retry_at": datetime(2030, 1, 1, tzinfo=UTC), "outcome": "uncertain"}
    error = kind("It went wrong.", attempts=2, **facts)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.__dict__) == (str(error), error.__dict__)
    assert error.to_dict()["retry_at"] == "2030-01-01T00:00:00+00:00"


def test_an_error_knows_only_its_own_facts():
    with pytest.raises(TypeError, match="colour"):
        errors.NotFound("No.", colour="red")


def test_no_exception_of_the_http_library_escapes():
    table = importlib.import_module("connector.edge.http_httpx")
    caught = table._ERRORS
    for library in ("httpcore", "httpx"):
        for name, kind in vars(importlib.import_module(library)).items():
            if inspect.isclass(kind) and issubclass(kind, Exception) and not issubclass(kind, Warning):
                assert issubclass(kind, caught), f"{library}.{name}"
