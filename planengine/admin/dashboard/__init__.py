"""The admin's first page: whether the cache earns its keep, what is wrong and what to do; and rules of alerts."""
