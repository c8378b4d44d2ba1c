"""What lets a release into an environment (REQ-G1 to REQ-G6)."""
