"""Addresses of the demo, below /demo/."""

from django.urls import path

from demo import views

urlpatterns = [path("crm/customers", views.customers)]
