"""What the charts of a study are drawn from, as JSON."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
