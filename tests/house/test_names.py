"""Names explain themselves: one class a name, functions are verbs, and a constant says what it limits."""

from __future__ import annotations

from support.package_source import adjective_constants, forbid, participles, repeated_classes

MAX_PARTICIPLES = 9


def test_no_class_name_stands_twice():
    wrong = [f"{name}: {', '.join(where)}" for name, where in repeated_classes().items()]
    forbid("Class names stand once in the package", wrong)


def test_functions_are_named_for_what_they_do():
    bare = participles()
    forbid("Functions are named by more than a past participle", bare if len(bare) > MAX_PARTICIPLES else [])


def test_a_constant_says_what_it_limits():
    forbid("Constants say what they limit", adjective_constants())
