"""The loopback return page, thin over services."""
