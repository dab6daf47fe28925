-- Returns: the ids of all stacks that were ever planned or recorded, as a list in JSON, in no order.
local known = redis.call('SMEMBERS', stacks_key())
return #known > 0 and cjson.encode(known) or '[]'
