-- Sets how the services of stacks stand, and tells of it in one event, however many they are.
-- ARGV: at, then stack and its state as JSON, stack and state, …
local named = {}
for place = 2, #ARGV, 2 do
  redis.call('HSET', live_key(), ARGV[place], ARGV[place + 1])
  named[#named + 1] = ARGV[place]
end
emit_services(#named > MAX_NAMED_STACKS and cjson.null or named, ARGV[1])
