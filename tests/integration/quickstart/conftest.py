"""The portals of these tests."""

from tests.integration.quickstart.portal import clocked, portal, portals, quiet_site, quiet_sites

__all__ = ["clocked", "portal", "portals", "quiet_site", "quiet_sites"]
