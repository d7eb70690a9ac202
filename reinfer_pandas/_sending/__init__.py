"""A request on its way: sent once and measured, checked, paced, tried again, noted."""
