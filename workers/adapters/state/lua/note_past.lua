-- Writes the last deployments of a stack into its status as it is shown in lists, from the records of each. A stack
-- that nothing is known of any more stays so.
-- ARGV: stack, how many at most, digits of a commit, outcome, its letter, …
local stack, most, digits, letters = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), {}
if redis.call('SISMEMBER', stacks_key(), stack) == 0 then return end
for at = 4, #ARGV, 2 do letters[ARGV[at]] = ARGV[at + 1] end
local outcomes, names = {}, {}
for _, deployment in ipairs(redis.call('LRANGE', deployments_key(stack), 0, most - 1)) do
  local outcome, commit = unpack(redis.call('HMGET', deployment_key(deployment), 'outcome', 'commit'))
  local letter = outcome and letters[cjson.decode(outcome)]
  if letter then
    local known = commit and cjson.decode(commit)
    table.insert(outcomes, 1, letter)
    table.insert(names, 1, deployment .. ':' .. (type(known) == 'string' and string.sub(known, 1, digits) or ''))
  end
end
redis.call('HSET', status_key(stack), 'past',
  cjson.encode({outcomes = table.concat(outcomes), names = table.concat(names, ' ')}))
