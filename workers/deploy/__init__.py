"""One stack: what is known of it, what would bring it to where it is to be, what stands in the way, and doing it.

deploy_if_changed   the use case, under the stack's lock
fast_path           unchanged in two round trips, without a lock
observe             what a stack's circumstances are
target              where it is to be: the newest commit, a pin, nowhere
decide              what its content asks for
gate                pauses, pins, holds: what stands in the way
drift               recorded containers against those that are there
remove, take_down   what is gone: kept, stopped, down
recover             a host that has forgotten what is deployed
report              log and steps while it runs; record, hold and outcome at its end
ending              how a deployment ended
transaction/        prepare, commit, apply, record; or roll back; or repair
files/              the stack's directory: what is there, what comes, what is put back
containers/         what is seen of the stack on the engine
"""
