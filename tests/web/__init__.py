"""The loopback page against browsers, strangers and noise."""
