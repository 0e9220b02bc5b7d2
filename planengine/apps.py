from django.apps import AppConfig


class PlanEngineConfig(AppConfig):
    name = "planengine"
    verbose_name = "Plan engine"
