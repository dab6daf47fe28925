-- Ends a queued pull that a newer run's queued pull makes needless.
-- ARGV: run, worker, at
local run, worker, at = unpack(ARGV, 1, 3)
local text = redis.call('HGET', run_key(run), 'pull:' .. worker)
if not text or cjson.decode(text).status ~= 'queued' then return 0 end
return close_pull(run, worker, 'superseded', {}, nil, at)
