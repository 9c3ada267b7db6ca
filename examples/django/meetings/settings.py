"""The settings: Django's own, and those of the connector, from the environment."""

from __future__ import annotations

import os
import secrets

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or secrets.token_urlsafe(50)
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "meetings.urls"
INSTALLED_APPS = ["django.contrib.sessions", "meetings"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "meetings.errors.ConnectorErrors",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DATABASE", "app.sqlite")}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

ORIGIN = os.environ.get("ORIGIN", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ORIGIN.startswith("https://")
CONNECTOR_STORE = os.environ.get("CONNECTOR_STORE", "memory:")  # one that all processes share: postgresql://...
CONNECTOR_INBOX = os.environ.get("CONNECTOR_INBOX", "sqlite:///inbox.sqlite")
