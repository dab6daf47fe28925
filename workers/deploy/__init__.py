"""One stack: what is known of it, what would bring it to where it is to be, what stands in the way, and doing it.

deploy_if_changed   the use case: observe, decide, gate, act, under the stack's lock
foresee             the same without the lock and without acting: `tegu plan`
fast_path           unchanged, or settled otherwise, in two round trips and without a lock
observe, observed   reading all that is known of a stack once; that, as a value
sight               what is seen of its content at a commit
target              where it is to be: the newest commit, a pin of a rollback, nowhere
decide              what would bring it there; `plans` are what that can be, as data
gate                what stands in the way: a pause, failed content that is held, a stop by hand
drift               recorded containers against those that are there; whether somebody stopped them
retry               which content is held after a failure, and when it is tried again
act                 carrying a plan out
remove, take_down   what is gone: kept, stopped, down
lost                a host that has forgotten what is deployed
report              log and steps while it runs; record, hold and outcome at its end
ending              how a deployment ended
transaction/        prepare, commit, apply, record; or roll back; or put right what a kill has left
files/              the stack's directory: what is there, what comes, what is put back
containers/         what is seen of the stack on the engine
"""
