"""What a terminal can show, and half-block pictures. Used by the shell commands and the screen."""
