"""The payment providers, each behind the promises of `ports.PaymentProvider`."""
