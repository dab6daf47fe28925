-- Makes a run. Sent twice, it stays as it is.
-- ARGV: run, repo, trigger, who or '', at, worker…
local run, repo, trigger, who, at = unpack(ARGV, 1, 5)
if run_exists(run) then return 0 end
create_run(run, repo, trigger, who, at, {unpack(ARGV, 6)})
return 1
