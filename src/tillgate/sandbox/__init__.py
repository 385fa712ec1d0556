"""The providers played on loopback: training mode, demo and test bed."""
