"""Homismart: switches, sockets, curtains and door locks behind a hub, through the vendor's cloud."""
