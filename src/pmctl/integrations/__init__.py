"""Services out and in over the network: one module per service."""
