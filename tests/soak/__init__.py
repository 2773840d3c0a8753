"""The soak: every kind of connection lives for days of virtual time in bad network weather (`make soak`)."""
