-- What the scripts share. `at` is always the caller's time as text.

local function emit(kind, fields)
  return redis.call('XADD', events_key(), 'MAXLEN', '~', MAX_EVENTS, '*', 'kind', kind, 'data', cjson.encode(fields))
end

-- Tells that services of these stacks are not as they were; cjson.null are too many to name.
local function emit_services(stacks, at)
  redis.call('RPUSH', services_events_key(), emit('services', {stacks = stacks, at = at}))
  while redis.call('LLEN', services_events_key()) > MAX_SERVICES_EVENTS do
    redis.call('XDEL', events_key(), redis.call('LPOP', services_events_key()))
  end
end

-- Redis's own clock in milliseconds, for what is compared with itself only.
local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Counts something that took so many milliseconds, as `histograms.py` does.
local function observe(family, label, took)
  local place = #HISTOGRAM_BOUNDS_MS
  for at, bound in ipairs(HISTOGRAM_BOUNDS_MS) do
    if took <= bound then
      place = at - 1
      break
    end
  end
  local name = family .. ':' .. label .. ':'
  redis.call('HINCRBY', counters_key(), name .. place, 1)
  redis.call('HINCRBY', counters_key(), name .. 'ms', took)
end

local function run_exists(run)
  return redis.call('EXISTS', run_key(run)) == 1
end

-- The indices that a run stands in as one of its repos': a deploy may be of stacks of several.
local function repo_indices(repo)
  local indices = {}
  for name in string.gmatch(repo, '[^, ]+') do indices[#indices + 1] = runs_of_repo_key(name) end
  return indices
end

local function forget_run(run, repo)
  redis.call('DEL', run_key(run), pending_key(run), held_back_key(run))
  redis.call('ZREM', runs_key(), run)
  redis.call('ZREM', open_runs_key(), run)
  for _, index in ipairs(repo_indices(repo or '')) do redis.call('ZREM', index, run) end
end

local function create_run(run, repo, trigger, who, at, workers)
  redis.call('HSET', run_key(run), 'id', run, 'repo', repo, 'trigger', trigger, 'status', 'queued', 'queued_at', at,
    'queued_ms', milliseconds(), 'has_pulls', #workers > 0 and 1 or 0)
  if who ~= '' then redis.call('HSET', run_key(run), 'who', who) end
  for _, worker in ipairs(workers) do
    redis.call('HSET', run_key(run), 'pull:' .. worker, cjson.encode({status = 'queued', commits = {}, error = cjson.null}))
    redis.call('SADD', pending_key(run), 'pull:' .. worker)
  end
  redis.call('EXPIRE', run_key(run), RUN_SECONDS)
  redis.call('EXPIRE', pending_key(run), RUN_SECONDS)
  for _, index in ipairs({runs_key(), open_runs_key()}) do redis.call('ZADD', index, 0, run) end
  for _, old in ipairs(redis.call('ZRANGE', runs_key(), 0, -MAX_RUNS - 1)) do
    forget_run(old, redis.call('HGET', run_key(old), 'repo'))
  end
  for _, index in ipairs(repo_indices(repo)) do
    redis.call('ZADD', index, 0, run)
    redis.call('ZREMRANGEBYRANK', index, 0, -MAX_RUNS - 1)
  end
  emit('run', {run = run, repo = repo, trigger = trigger, who = who ~= '' and who or cjson.null, status = 'queued', at = at})
end

local function mark_running(run, at)
  if redis.call('HGET', run_key(run), 'status') == 'queued' then
    redis.call('HSET', run_key(run), 'status', 'running', 'started_at', at)
    emit('run', {run = run, repo = redis.call('HGET', run_key(run), 'repo'), status = 'running', at = at})
  end
end

-- Ends a run that waits for nothing any more; a run ends once.
local function end_if_done(run, at)
  if redis.call('EXISTS', pending_key(run)) == 1 then return 0 end
  local facts = redis.call('HMGET', run_key(run), 'repo', 'finished_at', 'bad', 'eventful')
  if not facts[1] or facts[2] then return 0 end
  local status = facts[3] and 'failed' or 'succeeded'
  redis.call('HSET', run_key(run), 'status', status, 'finished_at', at)
  redis.call('HSETNX', run_key(run), 'started_at', at)
  redis.call('ZREM', open_runs_key(), run)
  redis.call('EXPIRE', run_key(run), (facts[3] or facts[4]) and RUN_SECONDS or UNEVENTFUL_RUN_SECONDS)
  emit('run', {run = run, repo = facts[1], status = status, at = at})
  redis.call('HINCRBY', counters_key(), 'runs:' .. status, 1)
  return 1
end

-- Whether this removed the member, that is, whether the run was still waiting for it.
local function close_part(run, member)
  return redis.call('SREM', pending_key(run), member) == 1
end

local function close_pull(run, worker, status, commits, problem, at, still)
  if not close_part(run, 'pull:' .. worker) then return 0 end
  local pull = cjson.encode({status = status, commits = commits, error = problem or cjson.null, still = still or nil})
  redis.call('HSET', run_key(run), 'pull:' .. worker, pull)
  if problem then redis.call('HSET', run_key(run), 'error', worker .. ': ' .. problem) end
  if status == 'failed' then redis.call('HSET', run_key(run), 'bad', 1) end
  end_if_done(run, at)
  return 1
end

-- Triggers of runs that nobody looks at.
local BY_CLOCK = {reconcile = true, poll = true, retry = true}

local function last_pull(repo, worker)
  local text = redis.call('HGET', pulled_key(repo), worker)
  return text and cjson.decode(text) or {}
end

-- Remembers how a repo's last pull on a worker ended, since when they end like this, and whether a run that somebody looks
-- at has told so.
local function note_pull(repo, worker, status, problem, told, at)
  local known = last_pull(repo, worker)
  local since = known.status == status and known.since or at
  -- Earlier releases did not note the last good one.
  local good = status == 'succeeded' and at or known.good or known.status == 'succeeded' and known.at or nil
  told = told or (problem and known.error == problem and known.told) or false
  redis.call('HSET', pulled_key(repo), worker,
    cjson.encode({status = status, at = at, error = problem or cjson.null, since = since, told = told, good = good}))
end

local function leave_waiting(stack, run)
  if redis.call('SREM', waiting_key(stack), run) == 1 and redis.call('EXISTS', waiting_key(stack)) == 0 then
    redis.call('ZREM', published_key(), stack)
  end
end

-- Joins a stack's waiting set; true when a task has to be published: nobody else waits yet, or this run
-- waited before and is here again because its message may be lost.
local function join_waiting(stack, run)
  local needed = redis.call('EXISTS', waiting_key(stack)) == 0 or redis.call('SISMEMBER', waiting_key(stack), run) == 1
  redis.call('SADD', waiting_key(stack), run)
  redis.call('EXPIRE', waiting_key(stack), RUN_SECONDS)
  if needed then redis.call('ZADD', published_key(), milliseconds(), stack) end
  return needed
end

-- Takes the waiting runs, and those that `taker` (or, with `orphans`, anybody) took before without ending them.
local function take_runs(stack, taker, orphans, at)
  local found = redis.call('SMEMBERS', waiting_key(stack))
  redis.call('DEL', waiting_key(stack))
  local published = redis.call('ZSCORE', published_key(), stack)
  if published then
    observe('wait', 'deploy_if_changed', math.max(0, milliseconds() - tonumber(published)))
    redis.call('ZREM', published_key(), stack)
  end
  local before = redis.call('HGETALL', taken_key(stack))
  for place = 1, #before, 2 do
    if orphans or before[place + 1] == taker then found[#found + 1] = before[place] end
  end
  local runs, seen = {}, {}
  for _, run in ipairs(found) do
    if seen[run] then
      -- put back by one task and taken by another
    elseif redis.call('SISMEMBER', pending_key(run), 'stack:' .. stack) == 1 then
      redis.call('HSET', taken_key(stack), run, taker)
      mark_running(run, at)
      runs[#runs + 1] = run
    else
      redis.call('HDEL', taken_key(stack), run)
    end
    seen[run] = true
  end
  if #runs > 0 then redis.call('EXPIRE', taken_key(stack), RUN_SECONDS) end
  table.sort(runs)
  return runs
end

-- Lets a run wait for a stack. False when the stack's part in it has ended already, at this very commit.
local function plan_stack(run, stack, commit)
  local known = redis.call('HGET', run_key(run), 'stack:' .. stack)
  if known then
    known = cjson.decode(known)
    if (commit == cjson.null or known.commit == commit) and known.outcome ~= cjson.null then return false end
  end
  if not known or known.commit ~= commit then
    redis.call('HSET', run_key(run), 'stack:' .. stack, cjson.encode({commit = commit, action = cjson.null,
      reason = cjson.null, outcome = cjson.null, deployment = cjson.null}))
  end
  redis.call('SADD', pending_key(run), 'stack:' .. stack)
  redis.call('SADD', stacks_key(), stack)
  if commit ~= cjson.null then redis.call('HSET', status_key(stack), 'latest_commit', cjson.encode(commit)) end
  return true
end

-- What has to be published because a stack's last predecessor has ended: run, stack, worker, `1` to force, …
local released = {}

local function release(run, stack, waits)
  redis.call('HDEL', held_back_key(run), stack)
  -- Whoever waits already does not know that everything is to be recreated.
  if not join_waiting(stack, run) and not waits.force then return end
  for _, text in ipairs({run, stack, waits.worker, waits.force and '1' or '0'}) do released[#released + 1] = text end
end

-- How a predecessor ended, if that keeps those that come after it from being deployed. One that failed in an
-- earlier run, and is left alone since, does so quietly.
local function obstacle(result)
  local words = {failed = 'failed', rolled_back = 'was rolled back', invalid = 'is invalid', blocked = 'is blocked',
    cancelled = 'was cancelled'}
  if words[result.outcome] then return words[result.outcome], false end
  if result.outcome ~= 'skipped' then return nil end
  if result.reason == 'failed_before' then return 'failed before', true end
  if result.reason == 'obstructed' then return 'is obstructed', true end
  if result.reason == 'blocked' then return 'is blocked', true end
end

-- Whether a stack is deployed however one that it waits for has ended.
local function waits_softly(waits, other)
  for _, each in ipairs(waits.softly or {}) do
    if each == other then return true end
  end
  return false
end

-- What somebody may want to hear of: subject, run, result, what was told that is still bad or '', …
local endings, places = {}, {}

local function note_ending(subject, run, result, told)
  local place = places[subject] or #endings
  places[subject] = place
  for offset, text in ipairs({subject, run, result, told or ''}) do endings[place + offset] = text end
end

-- What is remembered of the trouble that stacks were in before this script: false for none.
local before = {}

local function trouble_before(stack)
  if before[stack] == nil then
    local text = redis.call('HGET', status_key(stack), 'trouble')
    before[stack] = text and cjson.decode(text) or false
  end
  return before[stack]
end

-- Whether a stack was in this very trouble before the run, so that it is not the run's fault: the same content fared as
-- badly, and nobody asked for just this stack. What a run by the clock has found is news to the first run that somebody, or
-- a push, started at the same commit: it may be the one that brought it.
local function is_still(run, stack, mark, fields)
  local known = trouble_before(stack)
  if not known or known.mark ~= mark then return false end
  if fields.outcome ~= known.outcome and fields.outcome ~= 'skipped' then return false end
  local facts = redis.call('HMGET', run_key(run), 'trigger', 'has_pulls')
  if BY_CLOCK[facts[1]] then return true end
  return facts[2] ~= '0' and (known.told or known.commit ~= fields.commit)
end

-- Remembers a stack's trouble, or that it is over.
-- Returns whether the run has failed for it, and whether it was there before.
local function judge(run, stack, effect, mark, fields)
  local known, still = trouble_before(stack), false
  if effect == 'well' or (effect == 'healed' and known and known.mark == mark) then
    if known then redis.call('HDEL', status_key(stack), 'trouble') end
  elseif effect == 'trouble' or effect == 'noted' then
    still = effect == 'trouble' and is_still(run, stack, mark, fields)
    local same = known and known.mark == mark
    local told = (same and known.told) or not BY_CLOCK[redis.call('HGET', run_key(run), 'trigger')]
    local outcome = same and fields.outcome == 'skipped' and known.outcome or fields.outcome
    local commit = fields.commit
    if same then commit = known.commit end
    redis.call('HSET', status_key(stack), 'trouble',
      cjson.encode({mark = mark, outcome = outcome, commit = commit, told = told}))
  end
  return effect == 'trouble' and not still, still
end

local finish_stack

local function block(run, stack, commit, content, other, message, quiet, at)
  local text = cjson.encode
  local outcome = quiet and 'skipped' or 'blocked'
  local result = string.format(
    '{"commit":%s,"action":"none","reason":"blocked","outcome":"%s","deployment":null,"message":%s}',
    text(commit), outcome, text(message))
  -- Written by hand: cjson cannot tell an empty list from an empty object.
  local decision = string.format(
    '{"action":"none","reason":"blocked","commit":%s,"paths":[],"inputs":[],"services":{},"message":%s,"run":%s,"at":%s}',
    text(commit), text(message), text(run), text(at))
  redis.call('HSET', status_key(stack), 'last_decision', decision)
  finish_stack(run, stack, result, 'trouble', 'after:' .. (content or '') .. ':' .. other, not quiet, at)
end

-- Lets the stacks of a run go on, or end, that come after one whose part has just ended.
local function go_on_after(run, stack, result, at)
  local held = redis.call('HGETALL', held_back_key(run))
  for place = 1, #held, 2 do
    local dependent, waits, left = held[place], cjson.decode(held[place + 1]), {}
    for _, other in ipairs(waits.after) do
      if other ~= stack then left[#left + 1] = other end
    end
    -- An earlier turn may have ended this one, too.
    if #left < #waits.after and redis.call('HEXISTS', held_back_key(run), dependent) == 1 then
      local problem, quiet = obstacle(result)
      if problem and not waits_softly(waits, stack) then
        local message = 'comes after ' .. stack .. ', which ' .. problem
        block(run, dependent, waits.commit, waits.content, stack, message, quiet, at)
      elseif #left == 0 then
        release(run, dependent, waits)
      else
        waits.after = left
        redis.call('HSET', held_back_key(run), dependent, cjson.encode(waits))
      end
    end
  end
end

-- Ends a stack's part in a run. A second call changes nothing: the first outcome stands.
function finish_stack(run, stack, result, effect, mark, eventful, at)
  redis.call('HDEL', taken_key(stack), run)
  redis.call('HDEL', held_back_key(run), stack)
  leave_waiting(stack, run)
  if not close_part(run, 'stack:' .. stack) or not run_exists(run) then return 0 end
  local fields = cjson.decode(result)
  local bad, still = judge(run, stack, effect, mark, fields)
  if still then
    fields.still = true
    result = cjson.encode(fields)
  end
  redis.call('HSET', run_key(run), 'stack:' .. stack, result)
  if bad then redis.call('HSET', run_key(run), 'bad', 1) end
  if eventful or bad then
    redis.call('HSET', run_key(run), 'eventful', 1)
    redis.call('ZADD', runs_of_stack_key(stack), 0, run)
    redis.call('ZREMRANGEBYRANK', runs_of_stack_key(stack), 0, -MAX_RUNS_OF_STACK - 1)
    fields.stack, fields.run, fields.at = stack, run, at
    emit('stack', fields)
    redis.call('HINCRBY', counters_key(), 'stacks:' .. fields.outcome, 1)
  end
  local told = redis.call('HGET', status_key(stack), 'told')
  if told or bad or fields.outcome == 'deployed' then note_ending(stack, run, result, told) end
  if redis.call('EXISTS', held_back_key(run)) == 1 then go_on_after(run, stack, fields, at) end
  end_if_done(run, at)
  return 1
end

-- What a quick decision needs of a stack beside its record: pause, hold, pin, whether its lock is held, and of its status
-- the drift, the stop, and that it is gone. Of every one false, where there is none.
local function known_of(stack)
  local status = redis.call('HMGET', status_key(stack), 'drift', 'stopped', 'removed')
  return {redis.call('HGET', paused_key(), stack), redis.call('HGET', held_key(), stack),
    redis.call('HGET', pinned_key(), stack), redis.call('EXISTS', lease_key('stack:' .. stack)),
    status[1], status[2], status[3]}
end

-- Sets fields of a stack's status, which are in ARGV from `first` to `last`: name, value, name, value, …
local function set_status(stack, first, last)
  if last < first then return end
  redis.call('SADD', stacks_key(), stack)
  redis.call('HSET', status_key(stack), unpack(ARGV, first, last))
end

-- Whether a newer holder of a stack's lock is known. Remembers the newest number even after Redis lost it.
local function stale(name, number)
  if number == '' then return false end
  local newest = tonumber(redis.call('GET', fence_key(name)) or '0')
  if tonumber(number) < newest then return true end
  if tonumber(number) > newest then redis.call('SET', fence_key(name), number) end
  return false
end
