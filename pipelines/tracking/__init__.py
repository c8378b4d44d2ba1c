"""From what CloudFormation says to what home records and announces: versions, drift, silence (REQ-C2, C4, C5)."""
