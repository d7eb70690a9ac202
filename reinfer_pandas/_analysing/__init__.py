"""Numbers of who was slow: what bounded a read, how two reads differ, what a row costs."""
