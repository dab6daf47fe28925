"""Flower's settings in the image: its login is a secret file, so that it stands in no argument and no environment.

`celery -A workers flower --conf=/opt/tegu/flower.py`; the names are Flower's own options.
"""

from pathlib import Path

basic_auth = Path("/run/secrets/flower_login").read_text(encoding="utf-8").split()
if not all(login.partition(":")[2] for login in basic_auth) or not basic_auth:
    message = "secrets/flower_login has to hold user:password"
    raise SystemExit(message)
