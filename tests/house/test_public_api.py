"""The public face is exactly what it says, explained, and quick to load."""

from __future__ import annotations

import inspect
import subprocess
import sys
from functools import cached_property

import pytest
from support.package_source import forbid, functions

import connector

PUBLIC_NAMES = [
    "AsyncClient",
    "AsyncItems",
    "Challenge",
    "Client",
    "Connection",
    "Connector",
    "Event",
    "Items",
    "Observer",
    "Receiver",
    "Request",
    "Result",
    "Store",
    "Watcher",
    "accept_handshake",
    "begin_device_sign_in",
    "begin_sign_in",
    "errors",
    "finish_sign_in",
    "open_store",
    "verify_webhook",
    "verify_webhook_events",
]


def test_the_public_names_are_exactly_these():
    assert sorted(set(connector.__all__) - {"__version__"}) == PUBLIC_NAMES
    assert sorted(name for name in dir(connector) if not name.startswith("_")) == PUBLIC_NAMES


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_every_public_name_is_explained(name):
    thing = getattr(connector, name)
    members = (
        {} if not inspect.isclass(thing) else {member: inspect.getattr_static(thing, member) for member in dir(thing)}
    )
    explained = (staticmethod, classmethod, property, cached_property)
    silent = [
        f"{name}.{member}"
        for member, value in members.items()
        if not member.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, explained))
        and not value.__doc__
    ]
    forbid("Public names have a docstring", [] if inspect.getdoc(thing) else [name])
    forbid("Public methods and properties have a docstring", silent)


def test_every_function_is_annotated():
    bare = []
    for name, node in functions():
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
        missing = [one.arg for one in arguments if one and one.annotation is None and one.arg not in ("self", "cls")]
        if node.returns is None or missing:
            bare.append(f"{name}:{node.lineno} {', '.join(missing) or 'return'}")
    forbid("Functions are annotated", bare)


def test_an_unknown_name_is_told_as_python_tells_it():
    with pytest.raises(AttributeError, match="Clent"):
        connector.Clent  # noqa: B018  the look-up is the test


def test_importing_the_package_loads_no_library():
    libraries = {"pydantic", "httpx", "yaml", "click", "rich", "sqlalchemy", "uvicorn", "opentelemetry"}
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
    assert "[server]" in done.stdout or "the extra server of connector" in done.stdout
