"""The addresses of the REST API, of every room; each room says what is behind its own."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from access.api import WhoAmI
from channels.api.numbers import Numbers
from customers.api.customers import Customers, Identities
from customers.api.sources import Sources
from customers.api.tiers import Tiers
from customers.sync.api.urls import urls as sync
from outgoing.api.webhooks import Deliveries, Webhooks
from queues.api.queues import Queues
from routing.api.contacts import Contacts
from routing.api.flows import Flows

router = SimpleRouter()
router.register("customers", Customers, basename="customer")
router.register("identities", Identities, basename="identity")
router.register("tiers", Tiers, basename="tier")
router.register("queues", Queues, basename="queue")
router.register("numbers", Numbers, basename="number")
router.register("data-sources", Sources, basename="data-source")
router.register("flows", Flows, basename="flow")
router.register("contacts", Contacts, basename="contact")
router.register("webhooks", Webhooks, basename="webhook")
router.register("webhook-deliveries", Deliveries, basename="webhook-delivery")

urls: list[URLPattern | URLResolver] = [path("", WhoAmI.as_view(), name="api-who-am-i"), *sync, *router.urls]
