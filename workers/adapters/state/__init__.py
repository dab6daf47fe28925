"""What Tegu remembers: in Redis for everybody, in journals on each worker's disk for the day Redis is empty.

keys          every Redis key: type, owner, lifetime
scripts, lua/ the Lua scripts, each one atomic step
connection    the Redis client and its errors
identifiers   run and deployment ids
clock         now, as text
outgoing      what a change sets free, for whoever publishes it
runs          runs, the waiting pulls, the waiting sets of stacks
deployed      what is deployed, and each stack's status
status        a stack's status in one word; pure
fast_path     one unchanged stack in two round trips
forecasts     what stacks will need when their turn comes
deployments   attempts, their steps and logs
cancellations deployments that somebody wants stopped
leases        locks as others see them, with fencing numbers
marks         pauses, holds, pins and adoptions
events        what happened, for whoever watches
journal       a stack's record on disk
stack_lock    the exclusion on the host
exclusion     both locks of a stack at once
secret_key    the key of keyed hashes
rebuild       from journals to an empty Redis
state         `State`: all of them, made once
"""
