"""One kind of widget a file. Widgets draw typed values; they read no files and start no threads."""
