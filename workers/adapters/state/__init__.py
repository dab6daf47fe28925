"""What Tegu remembers: in Redis for everybody, in journals on each worker's disk for the day Redis is empty.

keys          every Redis key: type, owner, lifetime
scripts, lua/ the Lua scripts, each one atomic step
connection    the Redis client and its errors
identifiers   run and deployment ids
clock         now, as text
outgoing      what a change sets free, for whoever publishes it
run           a run, its head, a pull in it
results       what has become of a stack, in a run and as a task's result
summary       what a run came to, in a sentence
runs          runs, the waiting pulls, the waiting sets of stacks
run_reader    pages of runs, whole ones, heads and parts
repos         how the last pull of each repo ended, and whom one is asking
open_runs     those that have not ended, and what they wait for
waiting_for_others stacks of a run that come after others of it
deployed      what is deployed of a stack, and how its project was called
records       that of every stack, and the fields of its status
status        a stack's status in one word; pure
fast_path     one unchanged stack in two round trips
forecasts     what stacks will need when their turn comes
deployments   attempts, their steps and logs; each is a `past_deployment`
cancellations deployments that somebody wants stopped
leases        locks as others see them, with fencing numbers
marks         pauses, holds, pins and adoptions, as values
marked        which stacks have them
events        what happened, for whoever watches
journal       a stack's record on disk
stack_lock    the exclusion on the host
exclusion     both locks of a stack at once
secret_key    the key of keyed hashes
rebuild       from journals to an empty Redis
state         `State`: all of them, made once
discovered    the stacks that pulls have discovered
notices       what was told to whom
liveness      which queues have a live worker
chores        what is to be done now and then, by whoever comes first
counters      counters that only ever grow
paths         where a stack's files lie below the data directory
"""
