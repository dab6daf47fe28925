"""The one clone of a repo, and everything Tegu asks of Git.

    clone         Clone: fetch, heal, pins, housekeeping; what a worker holds per repo
    local         LocalRepo and open_local: reading any Git directory, as `tegu plan --from/--to` does
    tree          GitTree: one commit's content by path and object id, cached
    joined        JoinedTree: a commit beside the objects of another clone
    reader        objects by name from a long-lived process, whatever becomes of it or of the clone
    history       the commits between two
    revisions     what commits can be called, for whoever is typing one
    pool          which of these processes run
    batch         one `git cat-file` and its pipes
    export        writing a set of blobs below a folder
    remote        the network calls: which refs are there, and the one fetch
    commands      GitPython's command wrapper on top of workers.runtime.process
    environment   the clean room: environment, credentials, ssh
    working_tree  a working tree as it would be committed
    ssh_files     what is wrong with a key or with known hosts, by name
    failures      what Git's messages mean, without credentials
    repair        locks and half-written files that a killed process left behind, damaged clones

GitPython is imported by `commands` alone and only when a command runs, and `Clone`, which logs, is no part of what the
package itself imports: together they cost more than a whole `tegu plan` may take.
"""

from workers.adapters.git.local import LocalRepo, open_local
from workers.adapters.git.tree import GitTree

__all__ = ["GitTree", "LocalRepo", "open_local"]
