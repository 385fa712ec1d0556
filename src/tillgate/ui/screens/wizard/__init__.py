"""The first start for real use."""

from tillgate.ui.screens.wizard.screen import FirstStartScreen

__all__ = ["FirstStartScreen"]
