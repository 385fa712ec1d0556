"""One folder a screen: view.py builds widgets, screen.py reacts, rows.py names table columns."""
