"""The sandbox: Razorpay on loopback, wire-faithful and faulty on demand."""
