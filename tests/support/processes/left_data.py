"""What an older program left: dumps of its SQLite files and of a PostgreSQL database, its folder of connections, journals.

It is the last one that wrote no versions, run on a call, a sync, three events and a bulk run; it was killed in a run of
rows and in a chain.
"""

from __future__ import annotations

import base64
import shutil
import sqlite3
from pathlib import Path

LEFT = Path(__file__).parents[2] / "runtime" / "database" / "v0"
KEY = base64.urlsafe_b64encode(b"a key of tests, worth nothing...").decode()
KINDS = ("store", "inbox", "runs", "records", "bulk", "budget")
ROWS_JOURNAL = "rows.csv.createMeeting.sandbox.journal"


def load_sqlite(folder: Path) -> dict[str, str]:
    """Make the SQLite files, and return the URL of each kind."""
    return {kind: load_file(kind, folder / f"{kind}.sqlite") for kind in KINDS}


def load_file(kind: str, path: Path) -> str:
    """Make one SQLite file, and return its URL."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(0o600)
    connection = sqlite3.connect(path)
    connection.executescript((LEFT / f"{kind}.sql").read_text())
    connection.close()
    return f"sqlite:///{path}"


def load_postgres(url: str) -> dict[str, str]:
    """Run the dump in a new database, and return its URL for each kind."""
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute((LEFT / "postgres.sql").read_text())
    return dict.fromkeys(KINDS, url)


def load_folder(folder: Path) -> str:
    """Make the folder of connections, and return its URL."""
    folder.mkdir(mode=0o700, parents=True)
    for path in (LEFT / "store").iterdir():
        load_private(path.relative_to(LEFT), folder)
    return f"file:{folder}"


def load_private(name: Path | str, folder: Path) -> Path:
    """Copy one of the files into a folder, private."""
    copy = folder / Path(name).name
    shutil.copyfile(LEFT / name, copy)
    copy.chmod(0o600)
    return copy
