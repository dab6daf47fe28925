"""`tegu up`: everything on one machine in one process tree.

up            the whole of it
programs      what is run, and how each is called
supervision   started again when it ends
loglines      all their lines in one log
telling       what of them people want to read
worker        Celery's worker, without the rest of its command line
flower        Flower with a login, under names of this machine
token         what people are let in by
forked        how Python programs are started
offspring     what they leave behind
"""
