-- Remembers a try of a repo's pull that has failed, and will be tried again.
-- ARGV: repo, worker, at, error.  Returns: 1
local repo, worker, at, problem = unpack(ARGV, 1, 4)
note_pull(repo, worker, 'failed', problem, false, at)
return 1
