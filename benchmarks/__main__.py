"""Run the suite: `python -m benchmarks [--rounds N] [PART ...]`; prints a table. A part is a key of PARTS.

`python -m benchmarks importing DESCRIPTIONS...` and `python -m benchmarks growth` have tables of their own.
"""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import (
    budget,
    bulk,
    calls,
    commands,
    downloads,
    growth,
    importing,
    instructions,
    listings,
    peers,
    records,
    rounds,
    shared_bulk,
    starts,
    tenants,
    texts,
    tokens,
    webhooks,
)
from benchmarks.service import Service

PARTS = {
    "bulk": bulk.rows,
    "budget": budget.rows,
    "calls": calls.rows,
    "commands": commands.rows,
    "downloads": downloads.rows,
    "instructions": instructions.rows,
    "listings": listings.rows,
    "peers": peers.rows,
    "records": records.rows,
    "shared-bulk": shared_bulk.rows,
    "starts": starts.rows,
    "tenants": tenants.rows,
    "texts": texts.rows,
    "tokens": tokens.rows,
    "webhooks": webhooks.rows,
}


def main() -> None:
    """Measure, and print each row as it is known, as a table of Markdown."""
    if sys.argv[1:2] in (["importing"], ["growth"]):
        {"importing": importing.main, "growth": growth.main}[sys.argv[1]](sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts to measure; all when none is named")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="rounds of each measurement (9)")
    asked = parser.parse_args()
    os.environ.pop("SSL_CERT_FILE", None)
    rounds.pinned(0)
    rounds.print_head(asked.rounds)
    with Service() as server:
        for part in asked.parts or PARTS:
            for row in PARTS[part](server, asked.rounds):
                rounds.print_row(row)


if __name__ == "__main__":
    main()
