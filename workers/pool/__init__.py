"""The worker's own Celery pool: threads in two lanes, and limits that hold for threads.

pool          what Celery calls
lane          as many threads at work as there are slots, and any that wait
light         tasks that need no request of Celery's, many together
job           one task in its thread, and how it is ended from outside
limits        sees to it that no task takes longer than it may
intake        which queues are asked for more
request       what of Celery's own requests is different for threads
"""
