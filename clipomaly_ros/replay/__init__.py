"""Play a bag through the real node executables, record what they publish, show it."""
