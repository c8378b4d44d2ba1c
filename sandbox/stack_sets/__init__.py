"""CloudFormation StackSets of the sandbox: instances are real stacks in their own account and region (REQ-C10)."""
