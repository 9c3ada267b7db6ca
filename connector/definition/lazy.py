"""Attributes that are computed when they are first read, and kept."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or not hasattr(functools.cached_property(len), "lock"):
    cached_property = functools.cached_property
else:

    class _LockFreeProperty(functools.cached_property):
        """As in Python 3.12 and later: without a lock, which a fork could leave held in the child for good."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            values = instance.__dict__
            if self.attrname not in values:
                return values.setdefault(self.attrname, self.func(instance))
            return values[self.attrname]

    cached_property = _LockFreeProperty
