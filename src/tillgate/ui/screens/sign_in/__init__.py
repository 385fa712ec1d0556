"""The sign-in screen."""

from tillgate.ui.screens.sign_in.screen import SignInScreen

__all__ = ["SignInScreen"]
