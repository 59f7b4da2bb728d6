"""The search spaces."""

from fastapi import APIRouter

from tuner_service.dashboard.visitors import PageRoute

router = APIRouter(include_in_schema=False, route_class=PageRoute)
