-- Notes that a worker's watcher of an engine lives, by this clock, so that nobody has to compare clocks.
-- ARGV: worker and engine, since when it sees nothing or ''.  Returns: 0 when Redis knew of no such watcher.
local watcher, lost = ARGV[1], ARGV[2]
local known = redis.call('HEXISTS', watched_key(), watcher)
local beat = { at = tonumber(redis.call('TIME')[1]), lost = lost }
redis.call('HSET', watched_key(), watcher, cjson.encode(beat))
return known
