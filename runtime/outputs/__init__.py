"""Where the camera's answers go."""
