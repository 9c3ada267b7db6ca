"""Dataclasses and patterns are made when they are first used, and are then as those of the standard library."""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import pickle
import re
import subprocess
import sys
import threading
from dataclasses import field
from importlib import import_module
from typing import ClassVar

import pytest
from support.package_source import forbid, modules

from connector import first_use

DECORATORS = {"plain": dataclasses.dataclass, "postponed": first_use.dataclass}
OPTIONS = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "order": True},
    {"frozen": True, "slots": True, "repr": False},
    {"slots": True, "kw_only": True},
    {"slots": True, "repr": False, "unsafe_hash": True},
]


def test_the_package_makes_its_dataclasses_and_patterns_at_first_use():
    wrong = []
    for name, tree in modules().items():
        inside = {
            call
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for statement in function.body
            for call in ast.walk(statement)
        }
        for node in ast.walk(tree) if name != "connector.first_use" else ():
            imported = isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
            if imported and any(alias.name == "dataclass" for alias in node.names):
                wrong.append(f"{name}:{node.lineno} imports dataclass")
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "dataclasses.dataclass":
                wrong.append(f"{name}:{node.lineno} has dataclasses.dataclass")
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile" and node not in inside:
                wrong.append(f"{name}:{node.lineno} compiles a pattern as it is imported")
    forbid("Take dataclass and prepare_pattern of connector.first_use", wrong)


def test_each_dataclass_of_the_package_can_be_made():
    found = 0
    for name in modules():
        if name.startswith("connector.integrations") or name == "connector.__main__":
            continue
        for cls in [value for value in vars(import_module(name)).values() if inspect.isclass(value)]:
            if cls.__module__ == name and "__dataclass_fields__" in vars(cls):
                found += 1
                own = {one.name for one in dataclasses.fields(cls)}
                slots = {slot for base in cls.__mro__ for slot in vars(base).get("__slots__", ())}
                assert slots in (set(), own), cls
                assert callable(cls.__eq__)
    assert found > 100


def test_importing_makes_only_those_that_have_a_constant():
    script = """
import inspect, sys
import connector.runtime.client.client, connector.cli.commands.run
from connector.first_use import prepare_pattern
made = set()
for name, module in [item for item in sys.modules.items() if item[0].startswith("connector.")]:
    for value in vars(module).values():
        if inspect.isclass(value) and "__dataclass_fields__" in vars(value) and inspect.isfunction(vars(value)["__init__"]):
            made.add(value.__name__)
        if type(value) is type(prepare_pattern("")) and set(vars(value)) != {"source"}:
            made.add(value.source[0])
print(*sorted(made))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    with_a_value_for_none_given = ["CallOptions", "Credential", "RetryPolicy", "Site"]
    assert done.stdout.split() == with_a_value_for_none_given


def make_classes(decorate, options):
    """Make a class, and one that inherits from it, of this module so that they pickle."""

    @decorate(**options)
    class Point:
        """A place."""

        x: int
        tags: list[str] = field(default_factory=list)
        label: str = field(default="here", repr=False, compare=False)
        seen: int = field(init=False, default=0)
        unit: ClassVar[str] = "mm"

        def __post_init__(self):
            object.__setattr__(self, "seen", self.x + 1)

        @property
        def double(self):
            return self.x * 2

    @decorate(**options)
    class Place(Point):
        """A point with a height."""

        height: float = 1.5

    for cls in (Point, Place):
        cls.__qualname__ = cls.__name__
        globals()[cls.__name__] = cls
    return Point, Place


def outcome(work):
    try:
        return work()
    except Exception as error:
        return type(error).__name__


def describe(cls):
    """Tell what can be seen of a class and of what is made of it."""
    one, same, other = cls(x=1), cls(x=1, label="there"), cls(x=2, tags=["a"])
    seen = [sorted(set(vars(cls)) - {"__dict__", "__weakref__", "label", "seen"}), vars(cls).get("__slots__")]
    seen += [inspect.signature(cls), cls.__doc__, cls.__match_args__, cls.unit, cls.__dataclass_params__]
    seen += [[(each.name, each.type, each.init) for each in dataclasses.fields(cls)], dataclasses.asdict(other)]
    seen += [one == same, one == other, one.double, one.seen, one.tags is same.tags]
    seen += [repr(one) if cls.__dataclass_params__.repr else "", dataclasses.replace(one, x=5) == cls(x=5)]
    seen += [outcome(lambda: hash(one) == hash(same)), outcome(lambda: sorted([other, one]) == [one, other])]
    seen += [
        outcome(lambda: setattr(one, "x", 3)),
        outcome(lambda: delattr(one, "x")),
        outcome(lambda: cls(1, 2, 3, 4, 5)),
    ]
    seen += [pickle.loads(pickle.dumps(other)) == other, copy.copy(other) == other, copy.deepcopy(other) == other]
    return list(map(str, seen))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_what_is_made_is_what_the_standard_library_makes(options):
    plain, postponed = (list(map(describe, make_classes(decorate, options))) for decorate in DECORATORS.values())
    assert postponed == plain


@pytest.mark.parametrize(
    "first", ["__repr__", "__eq__", "__hash__", "__dataclass_fields__", "__setattr__", "__getstate__"]
)
def test_any_name_may_be_the_first_that_is_used(first):
    options = {"frozen": True, "slots": True}
    _, place = make_classes(first_use.dataclass, options)
    getattr(place, first)
    postponed = describe(place)
    assert postponed == describe(make_classes(dataclasses.dataclass, options)[1])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_an_instance_may_come_before_its_class_was_made(options):
    data = pickle.dumps(make_classes(first_use.dataclass, options)[1](x=4, tags=["b"]))
    _, place = make_classes(first_use.dataclass, options)
    assert pickle.loads(data) == place(x=4, tags=["b"])


def test_a_subclass_that_is_no_dataclass_calls_the_one_above():
    point, _ = make_classes(first_use.dataclass, {"slots": True})

    class Named(point):
        def __init__(self, name):
            super().__init__(7)
            self.name = name

    assert (Named("n").x, Named("n").name) == (7, "n")


def test_what_is_wrong_with_a_class_is_told_at_its_first_use():
    @first_use.dataclass(slots=True)
    class Wrong:
        first: int = 1
        second: str

    with pytest.raises(TypeError, match="second"):
        Wrong(1, "a")


def test_threads_that_make_one_class_at_once_all_get_it():
    count, rounds, interval = 8, 40, sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(rounds):
            _, place = make_classes(first_use.dataclass, {"frozen": True, "slots": True})
            found, barrier = [], threading.Barrier(count)

            def work(place=place, found=found, barrier=barrier):
                barrier.wait()
                found.append(outcome(lambda: (place(1) == place(1), hash(place(1).x), repr(place(2)))))

            threads = [threading.Thread(target=work) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [(True, 1, "Place(x=2, tags=[], seen=3, height=1.5)")] * count
    finally:
        sys.setswitchinterval(interval)


def test_a_prepared_pattern_has_what_a_compiled_one_has():
    prepared, compiled = (
        first_use.prepare_pattern(r"(?P<a>\d)x", re.IGNORECASE),
        re.compile(r"(?P<a>\d)x", re.IGNORECASE),
    )
    public = [name for name in dir(compiled) if not name.startswith("_") and name != "scanner"]
    assert [name for name in public if not hasattr(prepared, name)] == []
    for name in ("match", "search", "findall", "split"):
        for _ in range(2):
            assert str(getattr(prepared, name)("1X2x")) == str(getattr(compiled, name)("1X2x"))
    assert prepared.sub("-", "1Xb") == "-b"
    assert (prepared.flags, prepared.groups, prepared.pattern) == (compiled.flags, 1, compiled.pattern)
    assert pickle.loads(pickle.dumps(prepared)).match("1x")
    assert copy.deepcopy(prepared).match("1x")
