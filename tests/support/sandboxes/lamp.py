"""A small connector of lamps, as the lines of its manifest."""

from __future__ import annotations

LAMP_MANIFEST = """\
connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://api.lamp.example/v2
allowed_hosts: [api.lamp.example]
connections:
  key: {label: Key, kind: bearer, inputs: {apiKey: {label: Key, help: The key., type: password, required: true}}}
"""
