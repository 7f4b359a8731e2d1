"""Training: the losses, the trainer round them, and the way back towards the base."""
