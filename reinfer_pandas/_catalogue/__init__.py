"""What can be read: one row for each resource, its columns, and how its answers become rows."""
