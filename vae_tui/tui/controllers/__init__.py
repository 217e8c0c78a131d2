"""What the keys do beyond one view: steer the trainer, export and copy, walk, show other runs."""
