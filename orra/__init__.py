"""The site: settings, URLs, the ASGI and WSGI apps, the Celery app.

The modules here are the top and may import everything below; nothing below imports them. Its rooms are the other
way round: ``serving``, ``operators`` and ``embedded`` know no plans, and ``base`` imports nothing of ours.
"""
