"""Each owns one outside thing.

git/             the one clone of a repo
docker/          the engine: changed through Compose, observed through its API
state/           Redis and the journals
queue            Celery's queue
notify           whoever is told
outbox           what a change of state sets free, published
embedded_redis   the Redis that `tegu up` starts itself
"""
