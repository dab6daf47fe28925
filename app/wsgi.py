"""`app`: the web application as WSGI servers want it, made from the environment."""

from __future__ import annotations

from app.http.factory import create_app
from app.pages.room import add_pages
from workers.services import build_services

REDIS_SECONDS = 1.5
"""How long an answer may wait for Redis: with what publishing takes, a webhook is told of its absence within 3 s."""

_services = build_services(redis_timeout=REDIS_SECONDS)
app = add_pages(create_app(_services), _services)
