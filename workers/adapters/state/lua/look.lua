-- Takes a stack's waiting runs and reads all that a quick decision needs.
-- ARGV: stack, taker, at.  Returns: runs, record, pause, hold, pin, whether its lock is held, status fields.
local stack = ARGV[1]
return {
  take_runs(stack, ARGV[2], false, ARGV[3]),
  redis.call('GET', record_key(stack)),
  redis.call('HGET', paused_key(), stack),
  redis.call('HGET', held_key(), stack),
  redis.call('HGET', pinned_key(), stack),
  redis.call('EXISTS', lease_key('stack:' .. stack)),
  redis.call('HGETALL', status_key(stack)),
}
