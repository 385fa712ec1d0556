"""Rules that matter, as tests over our own source. Each is shown able to fail on code broken on purpose."""
