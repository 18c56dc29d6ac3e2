"""The machine: what the doctor checks, and what systemd is told."""
