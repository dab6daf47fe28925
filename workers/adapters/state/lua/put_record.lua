-- Writes a stack's record (unless it is '') and status fields, if no newer holder of its lock is known.
-- ARGV: stack, fence or '', record or '', status field, value, …  Returns: 0 when the holder is stale.
local stack, number, record = unpack(ARGV, 1, 3)
if stale('stack:' .. stack, number) then return 0 end
redis.call('SADD', stacks_key(), stack)
if record ~= '' then redis.call('SET', record_key(stack), record) end
set_status(stack, 4, #ARGV)
return 1
