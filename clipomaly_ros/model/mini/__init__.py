"""Training of apron-mini, the small default model, on pictures of the synthetic apron."""
