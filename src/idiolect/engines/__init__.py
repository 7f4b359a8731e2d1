"""Where work runs: in processes of its own, held to limits of time and memory."""
