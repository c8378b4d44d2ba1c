"""One file a command. Imported only when the command runs, so that `--help` stays quick."""
