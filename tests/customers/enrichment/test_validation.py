"""What a manager is told before a data source is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from customers.enrichment.models import DataSource
from customers.enrichment.validation import validate_source

GOOD: dict[str, Any] = {"key": "crm", "name": "CRM", "url": "https://93.184.216.34/customers?phone={{ phone }}"}


def test_a_good_source_has_no_fault() -> None:
    assert validate_source(DataSource(**GOOD)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "https://{{ host }}/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "url"),
        ({"headers": ["x"]}, "headers"),
        ({"headers": {"Bad Name": "x"}}, "headers"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A": 1}}, "headers"),
        ({"headers": {"X-A": "{{ oops"}}, "headers"),
        ({"headers": {"X-A": "a\nb"}}, "headers"),
        ({"headers": {"X-A": "{{ phone | shout }}"}}, "headers"),
        ({"url": "https://93.184.216.34/{{ phone | date: '%Y', 'UTC' }}"}, "url"),
        ({"method": "POST", "body": '{"a": "{{ phone | split: 1, 2, 3 }}"}'}, "body"),
        ({"body": "x"}, "body"),
        ({"method": "POST", "body": '{"a": }'}, "body"),
        ({"method": "POST", "body": "{{ oops"}, "body"),
        ({"auth": "bearer"}, "secret"),
        ({"auth": "bearer", "secret": "ü"}, "secret"),
        ({"auth": "basic", "secret": "x"}, "auth_name"),
        ({"auth": "basic", "secret": "x", "auth_name": "a:b"}, "auth_name"),
        ({"auth": "header", "secret": "x", "auth_name": "a b"}, "auth_name"),
        ({"auth": "oauth2", "secret": "x", "auth_name": "me", "token_url": ""}, "token_url"),
        ({"auth": "oauth2", "secret": "x", "auth_name": "me", "token_url": "http://127.0.0.2/"}, "token_url"),
        ({"mapping": [{"name": "x", "path": "["}]}, "mapping"),
        ({"not_found_statuses": [99]}, "not_found_statuses"),
        ({"not_found_statuses": 404}, "not_found_statuses"),
        ({"not_found_path": "["}, "not_found_path"),
    ],
)
def test_a_fault_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    faults = validate_source(DataSource(**{**GOOD, **changes}))
    assert field in {fault.field for fault in faults}
    with pytest.raises(ValidationError) as raised:
        DataSource(**{**GOOD, **changes}).clean()
    assert field in raised.value.message_dict


def test_an_internal_address_is_fine_where_the_operator_names_it(settings: Any) -> None:
    settings.ENRICHMENT_ALLOWED_HOSTS = ["10.0.0.0/8:8080"]
    assert validate_source(DataSource(**{**GOOD, "url": "http://10.0.0.1:8080/x"})) == []
    assert validate_source(DataSource(**{**GOOD, "url": "http://10.0.0.1/x"})) != []
