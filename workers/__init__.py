"""Everything that decides and acts; `app` is what people and forges touch.

From the ground up: `errors`, `model` | `settings`, `logs` | `catalog`, `changes` (the pure core) |
`process` | `celery` | `git`, `compose`, `containers`, `state`, `queue`, `notify` (each owns one outside thing) |
`services` (builds them once) | `pull`, `deploy`, `rollback`, `reconcile` (use cases) | `tasks` (Celery's door).
"""
