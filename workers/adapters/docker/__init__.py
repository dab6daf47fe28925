"""The Docker Engine: `compose` changes things through the command line, `engine` observes them through the API.

compose_project  a project as every call names it: files, directories, environment
argv             `docker compose` as data
compose          the runner: limits, the lock that it inherits, its messages
gist             what a command of Compose failed for, without its progress
confidential     what Compose says, without what it quotes of env files
container        containers as they were seen; values
engine           asks the engine: containers, images, events
own_container    the container that this process runs in
releases         what is known of releases of Compose and the engine
visibility       which paths of an engine's host this process sees
"""
