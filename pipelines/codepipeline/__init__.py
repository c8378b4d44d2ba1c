"""The promotion as an AWS CodePipeline, rendered from the policy, for teams without GitHub (REQ-G10)."""
