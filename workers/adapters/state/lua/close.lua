-- Ends a run that waits for nothing.
-- ARGV: run, at
return end_if_done(ARGV[1], ARGV[2])
