"""Guest builders: how a composition becomes something that boots. One per way of making a Linux."""

from agent.services.guests.guests import Guests, Report, Root

__all__ = ["Guests", "Report", "Root"]
