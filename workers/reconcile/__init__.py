"""All stacks: who asks, what is pulled, what is found lost, gone or drifted.

requests      pull, deploy, rollback, cancel, adopt, pause, resume: what people and forges ask for
pull          fetch once, discover
fan_out       one published task for each stack
forecast      what those that wait will need
reconcile     the periodic look
find_drift    what runs against what was deployed, one listing for each host
removed       deployed stacks that are none any more
reassigned    stacks given to another worker
housekeeping  once a day
announce      telling people
schedule      Celery beat's entries
heartbeat     "I consume these queues"
"""
