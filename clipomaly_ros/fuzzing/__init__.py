"""Random messages and files against everything that reads what comes from outside."""
