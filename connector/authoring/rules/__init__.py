"""Rules of lint by subject: functions that take a parsed file and its folder and yield violations."""
