"""What the trainer's machine is doing, measured beside the training; imports no torch."""
