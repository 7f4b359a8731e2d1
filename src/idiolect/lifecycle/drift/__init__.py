"""Whether queries and corpus are still what the model was trained for, by tests whose false alarms are bounded."""
