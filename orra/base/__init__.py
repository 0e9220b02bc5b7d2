"""The ground: small modules that everything else may use, and that import nothing of ours.

Rule of thumb for what belongs here: it would be just as useful in another project. What knows of plans, services
or the cache belongs into their packages.
"""
