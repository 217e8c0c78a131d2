"""What the Runs view is made of: the table and the preview of a run."""
