"""One wire for the appliances of a home: read, follow and command them, and know that it took effect."""
