"""Each owns one outside thing: the clones, the engine, Redis and the journals, Celery's queue, whoever is told."""
