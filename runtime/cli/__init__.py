"""What the commands share, and the command edge-classifier."""
