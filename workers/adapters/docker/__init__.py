"""The Docker Engine: `compose` changes things through the command line, `engine` observes them through the API.

compose       `docker compose` as data: argv, environment, limits
confidential  what Compose says, without what it quotes of env files
engine        containers, images, networks, volumes as they are
releases      what is known of releases of Compose and the engine
visibility    which paths of an engine's host this process sees
"""
