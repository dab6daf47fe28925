"""A deployment as a transaction: the stack comes to the new commit, healthy, or stays as it was, running.

folders     where a stack's live, staged, undo and kept files lie
steps       the named steps of a deployment, timed
manifest    which files Tegu has written: path -> Git's mode and object id
switching   planning and doing the switch of files, and taking it back, safe against a kill at any point
opening The rooms, in the order in which a deployment walks through them:

    folders opened component by component, so that no symlink leads out of the stack's directory
staging     the new files, beside the live ones
model       what the model that Compose resolved says of services, images and mounts
applying    `up`, and what Compose would miss
health      waiting until everything is well
journal     the intent of a deployment, and the record of the last one, on disk
repairing   what a killed deployment left behind
"""
