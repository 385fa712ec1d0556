"""Consultations: open fees, their payment, and how each stands."""

from tillgate.ui.screens.consultations.screen import ConsultationsScreen

__all__ = ["ConsultationsScreen"]
