"""What tests are made of: clocks, tills, people."""
