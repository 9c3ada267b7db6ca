"""`python -m connector`: the command line."""

from __future__ import annotations

import sys

from connector.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
