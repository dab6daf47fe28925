-- Notes that a worker's watcher of an engine lives, by this clock, so that nobody has to compare clocks. What was noted a
-- moment ago is not noted again, since each note is written to the disk.
-- ARGV: worker and engine, since when it sees nothing or '', seconds that a note is good for.
-- Returns: 0 when Redis knew of no such watcher.
local watcher, lost, good_for = ARGV[1], ARGV[2], tonumber(ARGV[3])
local noted = redis.call('HGET', watched_key(), watcher)
local beat = { at = tonumber(redis.call('TIME')[1]), lost = lost }
if noted then
  local before = cjson.decode(noted)
  if before.lost == lost and beat.at - before.at < good_for then
    return 1
  end
end
redis.call('HSET', watched_key(), watcher, cjson.encode(beat))
return noted and 1 or 0
