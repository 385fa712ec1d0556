"""The pure parts of the providers, and what they do with a server that plays any bytes."""
