"""The product's settings, and beside its URLs a bare view to compare with."""

from orra.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.measuring.urls"
