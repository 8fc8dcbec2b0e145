"""The portal as one application: its steps, its changes, and the pages that need no desk."""

from fastapi import FastAPI

import crs_core as crs

from . import changes, portal
from .pages import install

__all__ = ["app_of"]


def app_of(desk: crs.CitizenDesk, campaign: crs.Campaign) -> FastAPI:
    """The portal of a citizen's desk; of the campaign it takes what everybody may know."""
    app = FastAPI(title="crs quickstart", openapi_url=None)
    app.include_router(portal.router)
    app.include_router(changes.router)
    install(app, desk, campaign)
    return app
