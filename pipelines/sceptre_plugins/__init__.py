"""What Lockstep adds to Sceptre through entry points, so that plain `sceptre launch` works too (REQ-X4)."""
