"""What every link shares: back-off, keepalive, connection, and the supervisor that keeps it open."""

from homewire.link.backoff import Backoff
from homewire.link.silence import SilenceWatch

__all__ = ["Backoff", "SilenceWatch"]
