"""The custom deployment protection rule: GitHub asks before a job deploys, and the gates answer (REQ-G9)."""
