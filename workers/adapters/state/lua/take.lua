-- Takes a stack's waiting runs: work starts.
-- ARGV: stack, taker, `1` for runs that others took and left, at
return take_runs(ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4])
