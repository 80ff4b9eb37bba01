"""What models of any kind cost to serve, side by side."""
