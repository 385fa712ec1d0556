"""The catalogue: products with their variants, and vendors."""

from tillgate.ui.screens.catalogue.screen import CatalogueScreen

__all__ = ["CatalogueScreen"]
