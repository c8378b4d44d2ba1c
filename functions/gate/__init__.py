"""The gates for others: the custom deployment protection rule (REQ-G9), and the pipeline (REQ-G10)."""
