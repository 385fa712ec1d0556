"""Tillgate: a desktop point of sale for hosted checkouts and mobile money."""
