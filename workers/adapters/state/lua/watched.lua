-- Notes that a worker's watcher of an engine lives, by this clock, so that nobody has to compare clocks. What was noted a
-- moment ago is not noted again, since each note is written to the disk. Where the watcher sees its engine again, or does
-- not any more, or was taken for gone, all stacks of it are not as they were.
-- ARGV: worker and engine, since when it sees nothing or '', seconds that a note is good for, at.
-- Returns: 0 when Redis knew of no such watcher.
local watcher, lost, good_for = ARGV[1], ARGV[2], tonumber(ARGV[3])
local noted = redis.call('HGET', watched_key(), watcher)
local beat = { at = tonumber(redis.call('TIME')[1]), lost = lost }
local before = noted and cjson.decode(noted) or { at = 0, lost = '' }
local same = before.lost == lost
if same and beat.at - before.at < good_for then
  return 1
end
redis.call('HSET', watched_key(), watcher, cjson.encode(beat))
if not same or beat.at - before.at > ALIVE_SECONDS then
  emit_services(cjson.null, ARGV[4])
end
return noted and 1 or 0
