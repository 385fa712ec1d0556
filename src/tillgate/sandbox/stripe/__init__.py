"""Stripe as its documents describe it: sessions, payment intents, charges, refunds, idempotency, the hosted page."""
