-- Makes a run. Sent twice, it stays as it is.
-- ARGV: run, repo, trigger, at, worker…
local run, repo, trigger, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if run_exists(run) then return 0 end
create_run(run, repo, trigger, at, {unpack(ARGV, 5)})
return 1
