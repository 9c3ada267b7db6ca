"""Ways of signing that services have: connectors whose triggers differ in every word of a signature."""

from __future__ import annotations

from pathlib import Path

from connector import Connector

_ROOT = Path(__file__).parents[2]
GITHUB = Connector.open(_ROOT / "examples" / "github")  # a digest of the body alone; names and ids in headers
STRIPE = Connector.open(_ROOT / "examples" / "stripe")  # several digests beside a timestamp, in one header
STANDARD = Connector.open(_ROOT / "tests" / "standard_webhooks")  # Base64, and an id that is signed too
