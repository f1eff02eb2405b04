"""Drive the real fusion node with synthetic inputs and faults, and judge what comes back."""
