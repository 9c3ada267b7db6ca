"""The doctor, as a test asks it."""

from __future__ import annotations

import pytest


class Checks(dict):
    """Checks by name, the last one of a name; `every` has all of them."""

    def __init__(self, every):
        super().__init__((check["name"], check) for check in every)
        self.every = every


@pytest.fixture
def doctor(here):
    """Run it with JSON output; return the exit code and the checks by name."""

    def call(*words, **env):
        done = here("doctor", "--output", "json", *words, **env)
        data = done.data
        assert data["ok"] == (done.code == 0) == (data["counts"]["fail"] == 0)
        assert all(set(check) == {"name", "status", "message", "fix"} for check in data["checks"])
        assert all(check["fix"] for check in data["checks"] if check["status"] != "ok")
        return done.code, Checks(data["checks"])

    return call
