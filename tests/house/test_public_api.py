"""The public face is exactly what it says, explained, and quick to load."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import pytest
from support.package_source import modules

import connector

FACE = [
    "AsyncClient", "Challenge", "Client", "Connection", "Connector", "Event", "Items", "Receiver", "Request", "Result",
    "Store", "begin_sign_in", "errors", "finish_sign_in", "open_store", "verify_webhook",
]  # fmt: skip


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
    libraries = {"pydantic", "httpx", "yaml", "click", "rich", "sqlalchemy", "uvicorn"}
    script = f"import sys, connector; print(sorted({libraries} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_face_of_webhooks_needs_no_extra_until_it_is_used():
    script = (
        "import sys\nfor name in ('uvicorn', 'sqlalchemy'): sys.modules[name] = None\n"
        "from connector import Challenge, Connector, Event, Receiver, verify_webhook\n"
        "try: Receiver(Connector.open(), 'a-secret-of-the-app', inbox='sqlite:///never')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("UsageError The package sqlalchemy is not installed")
    assert "pip install 'connector[server]'" in done.stdout
