"""Pictures of what was measured, drawn from the files that the runs write: no figure is typed here."""
