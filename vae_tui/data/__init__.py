"""Where images come from: catalogue, file formats, download, the shipped digits."""
