-- Ends a run's pull and remembers the newest fetched commit of each ref.
-- ARGV: run, repo, worker, at, error or '', the repo's own ref, ref, commit, ref, commit, …
-- Returns: 1 if this has ended it; what was told of the repo's pulls that is still bad, or ''.
local run, repo, worker, at, problem, own = unpack(ARGV, 1, 6)
local text = redis.call('HGET', run_key(run), 'pull:' .. worker)
if not text then return {0, ''} end
local pull = cjson.decode(text)
local number = pull.number or 0
local commits = {}
for place = 7, #ARGV, 2 do
  local ref, commit = ARGV[place], ARGV[place + 1]
  commits[ref] = commit
  local known = redis.call('HGET', fetched_key(repo, worker), ref)
  if not known or cjson.decode(known).number <= number then
    redis.call('HSET', fetched_key(repo, worker), ref, cjson.encode({commit = commit, run = run, number = number}))
  end
end
if commits[own] then
  redis.call('HSET', run_key(run), 'ref', own, 'commit', commits[own])
  -- Another worker's pull of a later run may have ended before.
  if (redis.call('HGET', head_key(repo), 'run') or '') <= run then
    redis.call('HSET', head_key(repo), 'ref', own, 'commit', commits[own], 'run', run)
  end
end
if problem == '' then problem = nil end
local status, known, by_clock = problem and 'failed' or 'succeeded', last_pull(repo, worker),
  BY_CLOCK[redis.call('HGET', run_key(run), 'trigger')]
-- What is seen of the repo was pulled, and what is amiss beside it was so before.
local still = problem and commits[own] and known.error == problem and (by_clock or known.told) or false
local closed = close_pull(run, worker, still and 'succeeded' or status, commits, problem, at, still)
if closed == 1 then
  note_pull(repo, worker, status, problem, not by_clock, at)
  if pull.began then observe('pull', repo, math.max(0, milliseconds() - pull.began)) end
end
return {closed, redis.call('HGET', fetched_key(repo, worker), '#told') or ''}
