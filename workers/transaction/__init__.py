"""A deployment as a transaction: the stack comes to the new commit, healthy, or stays as it was, running.

Values: `folders` (where a stack's live, staged, undo and kept files lie), `manifest` (which files Tegu has
written), `model` (what Compose resolved), `attempt` (everything that the steps share), `intent` (what the
journal says of a deployment under way), `outcome`, `steps` (their names, timed).

In the order of a deployment: `staging` and `preparing` with `surroundings` (nothing is touched yet), `planning`,
`committing` and `switching` (the live files, below folders from `opening`), `applying` with `hooks`, `making_room`
(by containers that stand `aside`), `remaking` (`volumes` that `volume_survey` has found to be only mounts),
`bringing_up` (`up`), `completing` (what `up` misses) and `health`, `recording`.
`carrying_out` puts them in a row; `repairing` is for what a kill has left behind.
"""
