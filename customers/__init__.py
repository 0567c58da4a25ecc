"""Who customers are and what they are worth. Knows nothing of the rooms above."""
