"""Trials beside one another, also of several studies."""

from fastapi import APIRouter

from tuner_service.dashboard.visitors import PageRoute

router = APIRouter(include_in_schema=False, route_class=PageRoute)
