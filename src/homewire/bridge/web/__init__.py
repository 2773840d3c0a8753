"""The dashboard: static files below `/`, and the rules under which a browser may use them.

There is no build step: what lies in `static` is what the browser gets. The page talks to the HTTP API like
any other client and takes nothing from another host; the content security policy makes the browser enforce
that.
"""

from homewire.bridge.web.routes import web_router

__all__ = ["web_router"]
