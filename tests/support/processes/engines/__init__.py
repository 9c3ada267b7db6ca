"""Workflow engines under one contract: each is started, given work and searched for secrets in the same way."""

from __future__ import annotations

import importlib.util

_KINDS = {"dbos": ["dbos on SQLite", "dbos on PostgreSQL"], "celery": ["celery"]}
INSTALLED = [kind for name, kinds in _KINDS.items() if importlib.util.find_spec(name) for kind in kinds]
