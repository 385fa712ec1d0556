"""The settings screen."""

from tillgate.ui.screens.settings.places import Places
from tillgate.ui.screens.settings.screen import SettingsScreen

__all__ = ["Places", "SettingsScreen"]
