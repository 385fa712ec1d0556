"""The heavy proofs: the same tests as CI's with counts of another size."""
