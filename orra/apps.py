from django.apps import AppConfig


class OrraConfig(AppConfig):
    """The site. It has no tables; it sees to it that tasks are sent through our Celery app in every process."""

    name = "orra"

    def ready(self) -> None:
        import orra.celery  # noqa: F401
