-- Joins a run that will look, or has looked, at what was pushed; else makes one and its waiting pulls.
-- Workers that fetched the commit already get no new pull; those that wait for an older run's pull wait for the
-- new one's instead, so that one run covers them all.
-- ARGV: run, repo, trigger, who or '', at, commit or '', ref or '', waiting pulls' milliseconds to live, worker…
-- Returns: the run, `queued` or `coalesced`.
local run, repo, trigger, who, at, commit, ref, lifetime = unpack(ARGV, 1, 8)
if run_exists(run) then return {run, 'queued'} end
local needed, uncovered, covering, joined = {}, 0, '', {}
for place = 9, #ARGV do
  local worker = ARGV[place]
  local known = commit ~= '' and redis.call('HGET', fetched_key(repo, worker), ref)
  local newest = known and cjson.decode(known)
  local earlier = redis.call('GET', waiting_pull_key(repo, worker))
  if newest and newest.commit == commit and run_exists(newest.run) then
    if newest.run > covering then covering = newest.run end
  elseif earlier and redis.call('SISMEMBER', pending_key(earlier), 'pull:' .. worker) == 1 then
    if earlier > covering then covering = earlier end
    joined[earlier] = true
    needed[#needed + 1] = worker
  else
    uncovered = uncovered + 1
    needed[#needed + 1] = worker
  end
end
if uncovered == 0 and covering ~= '' then
  for earlier in pairs(joined) do redis.call('HINCRBY', run_key(earlier), 'joined', 1) end
  return {covering, 'coalesced'}
end
create_run(run, repo, trigger, who, at, needed)
for _, worker in ipairs(needed) do
  redis.call('SET', waiting_pull_key(repo, worker), run, 'PX', lifetime)
end
end_if_done(run, at)
return {run, 'queued'}
