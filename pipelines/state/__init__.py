"""The state of every environment in one DynamoDB table (REQ-C1): versions, history, drift, locks, alerts."""
