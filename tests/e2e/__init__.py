"""The real application in a real window, with a real browser."""
