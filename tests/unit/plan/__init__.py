"""What a deployment would change: the pure part, and the visit to CloudFormation against a double of it."""
