"""Who is in which tier: the policy that decides it, what it would change, and its carrying out."""
