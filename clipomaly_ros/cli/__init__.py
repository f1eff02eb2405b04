"""The command line: `clipomaly <command>`."""
