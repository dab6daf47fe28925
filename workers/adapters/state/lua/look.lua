-- Takes the waiting runs of stacks, and reads all that a quick decision about each needs.
-- ARGV: at, stack, taker, stack, taker, …
-- Returns: a list in JSON with the runs of each stack, whether any was asked for, whether any tries again, and what
-- `known_of` has; then the record of each, or ''.
local at, found, records = ARGV[1], {}, {}
for place = 2, #ARGV, 2 do
  local stack = ARGV[place]
  local runs, asked, again = take_runs(stack, ARGV[place + 1], false, at), 0, 0
  for _, run in ipairs(runs) do
    local facts = redis.call('HMGET', run_key(run), 'trigger', 'has_pulls', 'forced')
    if facts[3] or (facts[2] ~= '1' and facts[1] ~= 'reconcile' and facts[1] ~= 'retry') then asked = 1 end
    if facts[1] == 'retry' then again = 1 end
  end
  found[#found + 1] = {runs, asked, again, known_of(stack)}
  records[#records + 1] = redis.call('GET', record_key(stack)) or ''
end
return {cjson.encode(found), unpack(records)}
