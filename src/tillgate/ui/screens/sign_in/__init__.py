"""The sign-in screen."""

from tillgate.ui.screens.sign_in.desk import SignInDesk
from tillgate.ui.screens.sign_in.screen import SignInScreen

__all__ = ["SignInDesk", "SignInScreen"]
