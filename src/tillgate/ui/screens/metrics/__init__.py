"""The screen of the figures."""

from tillgate.ui.screens.metrics.screen import MetricsScreen

__all__ = ["MetricsScreen"]
