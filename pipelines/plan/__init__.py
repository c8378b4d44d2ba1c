"""What a deployment would change, asked of CloudFormation or computed from templates (REQ-G7, REQ-R5)."""
