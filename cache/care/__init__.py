"""What operators do with many entries at once: which are meant, how many these are about, and the jobs that work
them off. Called by the admin and by the cache's tasks; calls :mod:`cache.storage`.
"""
