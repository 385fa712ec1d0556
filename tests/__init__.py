"""Tests of Tillgate."""
