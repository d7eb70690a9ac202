"""A read in partitions: where they begin, what each reads, and on whose token."""
