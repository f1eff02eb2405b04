"""What may be named: approved classes, candidate dictionary, prompts, versions."""
