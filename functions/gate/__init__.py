"""The custom deployment protection rule: one function takes GitHub's questions, one answers them (REQ-G9)."""
