"""One module for each kind of thing that is asked for: parse, call one domain function, answer. Only these edges
enqueue.
"""
