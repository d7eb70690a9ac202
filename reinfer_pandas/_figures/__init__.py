"""Figures: ink alone, of numbers that were computed elsewhere."""
