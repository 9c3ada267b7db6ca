"""The local copy of the records that a service keeps: all of it is SQL, so without the extra there is none."""

from connector.runtime.process.extras import require

require("sql", "sqlalchemy")
