"""A deployment as a transaction: the stack comes to the new commit, healthy, or stays as it was, running.

In the order of a deployment:

    deployment     one deployment, from its steps to what follows from how it ends
    carrying_out   the steps in a row, and what each failure means
    prepare        stage, validate, survey, build, pull: nothing is touched yet
      volume_survey, network_survey, moved_data, images
    commit         the intent into the journal, then the switch of files
    apply          the containers: hooks, make_room, remake_volumes, up (services_to_up), after_up, health
    record         what is deployed; how the project was called
    rollback       back to the last good deployment, with restore
    repair         what a kill has left behind
    relocation     where the stack was deployed last, if that is another project, engine or worker

`attempt` is what the steps share, `intent` what the journal says of it, `steps` their names, `cancel` who stops it.
"""
