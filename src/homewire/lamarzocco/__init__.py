"""La Marzocco machines of three generations: direct, gateway, cloud; and the Bluetooth that two share."""
