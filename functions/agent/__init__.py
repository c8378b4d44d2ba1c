"""The functions of an agent: in each account and region they read stacks and their drift, and tell home (REQ-C2)."""
