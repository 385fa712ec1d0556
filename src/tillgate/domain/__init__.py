"""The rules an accountant would recognise: pure functions and frozen dataclasses, standard library only."""
