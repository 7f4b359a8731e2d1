"""Under what licence each document stands, what the policy makes of that, and which models it reached."""
