"""What every payment provider promises (ports.PaymentProvider), tried on each against the sandbox."""
