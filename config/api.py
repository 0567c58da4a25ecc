"""The addresses of the REST API, of every room; each room says what is behind its own."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from access.api import WhoAmI
from customers.api.tiers import Tiers
from customers.sync.api.urls import urls as sync

router = SimpleRouter()
router.register("tiers", Tiers, basename="tier")

urls: list[URLPattern | URLResolver] = [path("", WhoAmI.as_view(), name="api-who-am-i"), *sync, *router.urls]
