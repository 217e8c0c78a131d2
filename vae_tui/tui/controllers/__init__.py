"""What the keys do beyond one view: steer the trainer, export and copy, show other runs."""
