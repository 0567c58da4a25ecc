"""The benchmark: signed calls against processes as in production, beside the same job written by hand, in one run."""
