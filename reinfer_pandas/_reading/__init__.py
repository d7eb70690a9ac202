"""A plan carried out: pages followed, ranges read side by side, rows put in order."""
