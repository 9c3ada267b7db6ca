"""The addresses; `/events` is the receiver's, see asgi.py."""

from __future__ import annotations

from django.urls import path

from meetings import views

urlpatterns = [
    path("callback", views.finish),
    path("started", views.started),
    path("<tenant>/connect", views.connect),
    path("<tenant>/meetings", views.meetings),
]
