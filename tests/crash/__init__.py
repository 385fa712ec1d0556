"""The till is killed at every named place and at random moments, started again, and its books are compared."""
