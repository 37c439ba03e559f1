"""Properties are checked without a deadline: no test asserts wall-clock time."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
