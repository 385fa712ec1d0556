"""The exceptions screen."""

from tillgate.ui.screens.exceptions.screen import ExceptionsScreen

__all__ = ["ExceptionsScreen"]
