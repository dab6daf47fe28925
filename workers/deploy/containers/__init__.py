"""What is seen of a stack on the engine, and what Compose resolved of its files.

running, aside   the project's containers at one moment; those that have made room
compose_model    what Compose resolved
health           whether containers are well
networks, ports, names, strangers   what others have already, or nobody has
provenance       whether containers run the images that the files name
prune            images that nobody uses any more
ownership        the containers that Tegu itself runs in
"""
