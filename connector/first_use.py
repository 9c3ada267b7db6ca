"""Dataclasses and patterns that are made when they are first used, as a command uses few of those it imports.

To their users `dataclass` and `prepare_pattern` are `dataclasses.dataclass` and `re.compile`, and so they are to type
checkers. Made at once, the classes and patterns of the package take longer than all the rest of its import.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass

    prepare_pattern = re.compile
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """Return a class that becomes the dataclass of these options when a name that this adds is first used."""
        return _postpone(cls, options) if cls is not None else lambda decorated: _postpone(decorated, options)

    def prepare_pattern(pattern: str | bytes, flags: int = 0) -> _Pattern:
        """Return a pattern that is compiled when one of its methods is first used."""
        return _Pattern(pattern, flags)


__all__ = ["dataclass", "prepare_pattern"]


class _Pattern:
    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.source: tuple[Any, int] = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        """Return what the compiled pattern has, and keep it."""
        value = getattr(re.compile(*self.source), name)
        setattr(self, name, value)
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, self.source


class _OfDataclass:
    """A name that a class gets as a dataclass; asking for it makes the class."""

    def __init__(self, name: str, make: Callable[[str], Any]) -> None:
        self._name = name
        self._make = make

    def __get__(self, instance: object, owner: type) -> Any:
        value = self._make(self._name)
        return value.__get__(instance, owner) if hasattr(value, "__get__") else value


_OFTEN_USED = ("__init__", "__match_args__", "__dataclass_fields__")
_WITHOUT_OTHERS = {"repr": False, "eq": False, "order": False, "unsafe_hash": False}


def _postpone(cls: type, options: dict[str, bool]) -> type:
    """Return a class like this one, with the slots that its dataclass has, and names that make it.

    What is made is a copy, whose names the class then gets one by one: threads never meet a class that lacks one, and
    no lock is needed, since it does no harm if two of them make it.
    """
    import dataclasses  # not at the top, as help pages have patterns alone

    own = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    own["__qualname__"] = cls.__qualname__

    def make(name: str) -> Any:
        less: dict[str, bool] = _WITHOUT_OTHERS if name in _OFTEN_USED else {}
        made: type = dataclasses.dataclass(**options | less)(type(cls)(cls.__name__, cls.__bases__, dict(own)))
        for each in _OFTEN_USED if less else names:
            if isinstance(vars(waiting)[each], _OfDataclass):
                setattr(waiting, each, vars(made)[each])
        return vars(waiting)[name]

    names = [name for name in _list_names(options) if name not in own]
    namespace = {name: value for name, value in own.items() if not isinstance(value, dataclasses.Field)}
    namespace |= {name: _OfDataclass(name, make) for name in names}
    if options.get("slots"):
        fields = [name for name, kind in own.get("__annotations__", {}).items() if not kind.startswith("ClassVar")]
        inherited = {name for base in cls.__mro__ for name in vars(base).get("__slots__", ())}
        namespace = {name: value for name, value in namespace.items() if name not in fields}
        namespace["__slots__"] = tuple(name for name in fields if name not in inherited)
    waiting: type = type(cls)(cls.__name__, cls.__bases__, namespace)
    return waiting


def _list_names(options: dict[str, bool]) -> list[str]:
    """List the names that a dataclass of these options gets, unless it has them already."""
    names = [*_OFTEN_USED, "__dataclass_params__", "__eq__"]
    names += ["__repr__"] if options.get("repr", True) else []
    names += ["__lt__", "__le__", "__gt__", "__ge__"] if options.get("order") else []
    names += ["__hash__"] if options.get("frozen") or options.get("unsafe_hash") else []
    names += ["__setattr__", "__delattr__"] if options.get("frozen") else []
    names += ["__getstate__", "__setstate__"] if options.get("frozen") and options.get("slots") else []
    names += ["__replace__"] if sys.version_info >= (3, 13) else []
    return names
