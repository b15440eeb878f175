"""Commands, thin: they parse, call the packages, print, and turn errors into exit codes."""
