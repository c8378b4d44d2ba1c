"""The functions of home: they record events, repair what was lost, and announce alerts (REQ-C2, REQ-C4, REQ-C5)."""
