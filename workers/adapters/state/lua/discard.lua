-- Undoes a run that could not be published. A run that others have joined stays open for reconcile.
-- ARGV: run.  Returns: 1 when the run is gone.
local run = ARGV[1]
local repo = redis.call('HGET', run_key(run), 'repo')
if not repo then return 1 end
for _, member in ipairs(redis.call('SMEMBERS', pending_key(run))) do
  local worker, stack = string.match(member, '^pull:(.*)$'), string.match(member, '^stack:(.*)$')
  if worker and redis.call('GET', waiting_pull_key(repo, worker)) == run then
    redis.call('DEL', waiting_pull_key(repo, worker))
  end
  if stack and not redis.call('HGET', run_key(run), 'joined') then leave_waiting(stack, run) end
end
if redis.call('HGET', run_key(run), 'joined') then return 0 end
forget_run(run, repo)
return 1
