"""Serve the Django project until Ctrl-C: its database is brought up to date first.

In production, run `uvicorn meetings.asgi:application --no-access-log` instead: the callback's path holds a code.
"""

from __future__ import annotations

import os

import django
import uvicorn
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meetings.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    port = int(os.environ.get("PORT", "8000"))
    print(f"Open http://127.0.0.1:{port}/acme/connect", flush=True)
    uvicorn.run("meetings.asgi:application", host="127.0.0.1", port=port, log_level="warning", access_log=False)
