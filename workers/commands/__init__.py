"""One module for each command of `tegu` that is more than a call; its name is the command's.

`plan_commits` is `tegu plan --from --to`; `rehearse` asks Compose for `check`, `upgrade` for `plan` and `doctor`.
"""
