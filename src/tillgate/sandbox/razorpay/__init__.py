"""Razorpay played on loopback."""
