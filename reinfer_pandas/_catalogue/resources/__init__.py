"""The rows of the catalogue, group by group."""
