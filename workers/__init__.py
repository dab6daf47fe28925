"""Everything that decides and acts; `app` is what people and forges touch.

The root is the list of its layers. Each may import what stands under it, never the reverse:

    tasks       Celery's door: ids in, one call, a short result out
    commands    one module for each command of `tegu` that is more than a call
    reconcile   all stacks: who asks, what is pulled, what is found lost, gone or drifted
    deploy      one stack: what is known of it, what would bring it there, what stands in the way, and doing it
    services    every collaborator, made once
    adapters    each owns one outside thing: Git, Docker, Redis and the journals, Celery's queue, notices
    celery      the Celery app: queues, routing, the task's base class (`celery -A workers` wants it here)
    catalog     `tegu.yaml` to stacks
    changes     what a commit asks for; pure
    runtime     this process and its children: settings, logs, masking, processes, terminals
    model       words, stacks, errors, refs: values and rules that need nothing else
"""
