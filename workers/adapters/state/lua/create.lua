-- Makes a run. Sent twice, it stays as it is. One without pulls has its repo's ref and commit from the last pull.
-- ARGV: run, repo, trigger, who or '', at, `1` if forced, worker…
local run, repo, trigger, who, at = unpack(ARGV, 1, 5)
if run_exists(run) then return 0 end
create_run(run, repo, trigger, who, at, {unpack(ARGV, 7)})
local head = redis.call('HMGET', head_key(repo), 'ref', 'commit')
if #ARGV == 6 and head[1] then redis.call('HSET', run_key(run), 'ref', head[1], 'commit', head[2]) end
if ARGV[6] == '1' then redis.call('HSET', run_key(run), 'forced', 1) end
return 1
