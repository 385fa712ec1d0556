"""The people of the store."""

from tillgate.ui.screens.staff.screen import StaffScreen

__all__ = ["StaffScreen"]
