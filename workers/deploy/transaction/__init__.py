"""A deployment as a transaction: the stack comes to the new commit, healthy, or stays as it was, running.

In the order of a deployment:

    deployment     one deployment: the phases in a row, each of which hands on what it made
    prepare        stage, validate, survey, build, pull: nothing is touched yet
      volume_survey, network_survey, moved_data, images, volumes
    refusal        what it means that this, or the switch, was refused
    commit         the intent into the journal, then the switch of files
    apply          the containers: hooks, make_room, remake_volumes, up (services_to_up), after_up, health
    record         what is deployed
    rollback       back to the last good deployment, with restore
    after_kill     what a kill has left behind
    relocation     where the stack was deployed last, if that is another project, engine or worker

What is given is a `ground`, what is found out is `prepared`; `intent` is what the journal says of it, `call` how the
project was called, `secrets_read` which values are hidden in what is told, `steps` their names, `cancel` who stops
it.
"""
