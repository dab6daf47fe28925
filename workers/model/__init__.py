"""Values and rules that need nothing else.

words    actions, reasons, outcomes, statuses; a decision
stack    what the catalog says
secret   a text that never shows itself
errors   every error that is raised on purpose
refs     names of branches and tags
order    which stack comes before which
news     who is told what of an ending
"""
