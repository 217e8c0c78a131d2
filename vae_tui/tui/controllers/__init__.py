"""What keys do: steer the trainer, export and copy, walk, show other runs."""
