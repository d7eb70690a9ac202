"""The columns of the resources that aren't comments, group by group."""
