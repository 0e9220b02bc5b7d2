from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate


class OrraConfig(AppConfig):
    """The site. It has no tables; it sees to it that tasks are sent through our Celery app in every process, and
    that every migration leaves the admin's roles as they are meant."""

    name = "orra"

    def ready(self) -> None:
        import orra.celery  # noqa: F401
        from orra.base.database import sessions
        from orra.base.database.slow_statements import slow_statements
        from orra.operators import roles

        sessions.begin_all()
        if settings.SLOW_STATEMENT_MS:
            slow_statements.watch(settings.SLOW_STATEMENT_MS)
        post_migrate.connect(roles.synchronise, sender=[*apps.get_app_configs()][-1])
