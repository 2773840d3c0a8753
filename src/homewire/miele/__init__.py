"""Miele appliances with XKM3100W or built-in Wi-Fi, on the local network, without any cloud."""
