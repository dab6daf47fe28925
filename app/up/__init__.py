"""`tegu up`: everything on one machine in one process tree.

up            the whole of it
programs      what is run, and how each is called
supervision   started again when it ends
loglines      all their lines in one log
offspring     what they leave behind
"""
