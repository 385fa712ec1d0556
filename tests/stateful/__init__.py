"""The whole life of a payment, driven at random against oracles that know what the provider really did."""
