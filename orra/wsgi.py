"""The REST API and the admin, as WSGI. The web server runs it in threads, see :mod:`orra.asgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orra.settings")

application = get_wsgi_application()
