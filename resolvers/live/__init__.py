"""Changes of runs for those who listen.

looks       what was committed since the last look, and which of it matches a filter
batches     the changes of one look, with the runs that are read back for them
subscribers who listens, and what waits for them
following   one listening connection for all of them
"""
