-- Shows in a run what cannot be a stack because another one has its name: nothing is done to that one. The pull's error
-- says so, too, and makes the run fail.
-- ARGV: run, stack, result (JSON)
local run, stack, result = unpack(ARGV, 1, 3)
if not run_exists(run) then return end
redis.call('HSETNX', run_key(run), 'stack:' .. stack, result)
