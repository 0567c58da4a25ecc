"""Customers come in from files as people have them, and go out as files that harm nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.files import services
from customers.files.models import Import, Piece, Remembered
from customers.files.sheets import as_csv, as_xlsx, harmless, without_guard
from customers.models import Attribute, Customer, CustomerChange, Identity, Tier
from customers.sync.services import sync_customers
from tests.customers.files.conftest import NEW, NOW, clock, write

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "encoding", "delimiter"),
    [
        ("Kundennummer;Name;Umsatz\nC-1;Jürgen;1.234,50\n".encode("cp1252"), "cp1252", ";"),
        ("external_id,name,revenue\nC-1,Jürgen,1234.50\n".encode(), "utf-8", ","),
        ("external_id\tname\trevenue\nC-1\tJürgen\t1234.5\n".encode("utf-8-sig"), "utf-8-sig", "\t"),
        ('"Customer number";"Name, whole";"Name";"Revenue"\nC-1;;Jürgen;1234,50\n'.encode(), "utf-8", ";"),
    ],
)
def test_whatever_separates_and_encodes_the_cells_is_found(
    checked: Callable[..., Import], admin_client: Client, body: bytes, encoding: str, delimiter: str
) -> None:
    file = checked(body)
    assert (file.encoding, file.delimiter, file.counts) == (encoding, delimiter, {"created": 1})
    write(admin_client, file)
    customer = Customer.objects.get()
    assert (customer.external_id, customer.name, customer.revenue_12m) == ("C-1", "Jürgen", Decimal("1234.50"))


def test_a_sheet_of_excel_is_read_with_its_dates_and_numbers(
    checked: Callable[..., Import], admin_client: Client
) -> None:
    Tier.objects.create(key="gold", name="Gold status", rank=1)
    Attribute.objects.create(name="vip", label="VIP", kind="boolean")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Kundennummer", "Telefon", "Kunde seit", "Bestellungen", "Tier", "VIP"])
    sheet.append([1007, 4915100000077, date(2020, 5, 1), 12.0, "Gold Status", True])
    body = io.BytesIO()
    book.save(body)
    file = write(admin_client, checked(body.getvalue(), "customers.xlsx"))
    assert file.results == {"created": 1}
    customer = Customer.objects.get()
    assert (customer.external_id, customer.customer_since, customer.orders) == ("1007", date(2020, 5, 1), 12)
    assert customer.identities.get().value == "+4915100000077"
    assert customer.crm_tier == Tier.objects.get()
    assert customer.attributes == {"vip": True}
    assert CustomerChange.objects.filter(via="import").count() == 1


def test_nothing_is_written_before_it_is_confirmed_and_each_change_is_shown(
    checked: Callable[..., Import], admin_client: Client
) -> None:
    Customer.objects.create(external_id="C-1", name="Ada", orders=3)
    Customer.objects.create(external_id="C-2", name="Bob")
    file = checked(b"external_id,name,orders\nC-1,Ada Lovelace,3\nC-2,Bob,\nC-3,Eve,7\nC-4,Oops,many\n")
    assert file.counts == {"updated": 1, "unchanged": 1, "created": 1, "failed": 1}
    assert file.changes[0]["pairs"] == {"name": ["Ada", "Ada Lovelace"]}
    page = admin_client.get(f"/admin/files/import/{file.pk}/").content.decode()
    assert "Ada Lovelace" in page
    assert "orders: Wanted is a whole number" in page
    assert Customer.objects.count() == 2
    faults = b"".join(admin_client.get(f"/admin/files/import/{file.pk}/faults/"))
    assert faults.decode().splitlines()[1].startswith("5,C-4,")
    write(admin_client, file)
    assert Customer.objects.get(external_id="C-1").name == "Ada Lovelace"
    assert Customer.objects.count() == 3
    assert not Piece.objects.exists()


def test_the_choice_of_columns_is_remembered(send: Callable[..., Import], admin_client: Client) -> None:
    file = send(b"external_id,Wert\nC-1,5\n")
    assert file.mapping == ["external_id", ""]
    for chosen in ("lifetime_value", ""):
        data = {"do": "columns", "column-0": "external_id", "column-1": chosen}
        admin_client.post(f"/admin/files/import/{file.pk}/", data)
        services.look_through(file_id=file.pk, now=clock)
        if chosen:
            # Not yet: nobody said that it is right.
            assert not Remembered.objects.exists()
            write(admin_client, file)
            Import.objects.filter(pk=file.pk).update(state="uploaded")
    # That a column was left out once is nothing to remember.
    file.delete()
    assert send(b"Wert,external_id\n5,C-1\n").mapping == ["lifetime_value", "external_id"]


def test_two_columns_are_not_the_same_field_but_several_may_be_addresses(
    send: Callable[..., Import], admin_client: Client
) -> None:
    file = send(b"external_id,Name,Tel,Mobil\nC-1,Ada,+4915100000001,+4915100000002\n")
    assert file.mapping == ["external_id", "name", "identity.phone", "identity.phone"]
    data = {"do": "columns", "column-0": "external_id", "column-1": "external_id", "column-2": "identity.phone"}
    page = admin_client.post(f"/admin/files/import/{file.pk}/", data, follow=True).content.decode()
    assert "“Name”: another column is the same already" in page
    file.refresh_from_db()
    assert (file.state, file.mapping[1]) == ("uploaded", "external_id")
    admin_client.post(f"/admin/files/import/{file.pk}/", {**data, "column-1": "name", "column-3": "identity.phone"})
    file.refresh_from_db()
    assert file.state == "checking"


def test_what_is_wrong_and_what_changes_is_said_in_the_words_of_the_file(
    checked: Callable[..., Import], admin_client: Client
) -> None:
    Attribute.objects.create(name="segment", label="Segment", kind="text")
    owner = Customer.objects.create(external_id="C-9")
    Identity.objects.create(customer=owner, kind="phone", value="+4915100000001")
    Customer.objects.create(external_id="C-1", name="Ada", revenue_12m=5)
    Tier.objects.create(key="gold", name="Gold", rank=1)
    file = checked(
        b"Kdnr;Handy;Umsatz;Segment;Stufe\nC-1;;7;A;gold\nC-2;+4915100000001;1;;\nC-3;x;y;;\n"
    )  # fmt: skip
    assert file.mapping == ["external_id", "identity.phone", "revenue_12m", "attributes.segment", "tier"]
    page = admin_client.get(f"/admin/files/import/{file.pk}/").content.decode()
    for said in ("Umsatz: ", "Segment: ", "Stufe: ", "Handy: phone:+4915100000001 belongs to customer C-9. Merge"):
        assert said in page, said
    for word in ("revenue_12m:", "attributes.", "crm_tier", "take_identities", "identities"):
        assert word not in page, word


def test_a_file_that_names_nobody_is_not_looked_through(send: Callable[..., Import], admin_client: Client) -> None:
    file = send(b"name\nAda\n")
    page = admin_client.post(f"/admin/files/import/{file.pk}/", {"do": "columns", "column-0": "name"}, follow=True)
    assert "Say which column has the customer number" in page.content.decode()
    file.refresh_from_db()
    assert file.state == "uploaded"


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"PK\x03\x04 not a sheet", bytes(range(256)) * 20, b"hello", b"external_id;name\n\n;;\n"]
)
def test_what_is_no_table_is_refused_in_words(admin_client: Client, body: bytes) -> None:
    answer = admin_client.post(NEW, {"file": SimpleUploadedFile("x.csv", body)})
    assert answer.status_code == 400 or "empty" in answer.content.decode()
    assert not Import.objects.exists()


def test_formulas_that_nobody_calculated_are_not_taken_for_empty_cells(admin_client: Client) -> None:
    book = openpyxl.Workbook()
    book.active.append(["external_id", "revenue"])
    book.active.append(["C-1", "=10*10"])
    kept = io.BytesIO()
    book.save(kept)
    answer = admin_client.post(NEW, {"file": SimpleUploadedFile("x.xlsx", kept.getvalue())})
    assert (answer.status_code, "never calculated" in answer.content.decode()) == (400, True)


def test_a_cell_with_a_byte_that_no_text_has_spoils_its_own_row_only(checked: Callable[..., Import]) -> None:
    rows = "".join(f"C-{number},Name {number}\n" for number in range(9_000))
    file = checked(f"external_id,name\n{rows}C-X,a\0b\n".encode())
    assert file.counts == {"created": 9_001}


def test_an_import_that_was_killed_goes_on_where_it_was(
    checked: Callable[..., Import], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    file = checked(b"external_id\n" + b"".join(f"C-{n}\n".encode() for n in range(5)))
    real, calls = sync_customers, []

    def dying(**more: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(**more)

    monkeypatch.setattr(services, "sync_customers", dying)
    with pytest.raises(KeyboardInterrupt):
        write(admin_client, file)
    assert Customer.objects.count() == 2
    services.bring_in(file_id=file.pk, now=clock)
    file.refresh_from_db()
    assert (file.state, file.results, Customer.objects.count()) == ("done", {"created": 5}, 5)


def test_canceling_stops_before_the_next_batch(
    checked: Callable[..., Import], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    file = checked(b"external_id\n" + b"".join(f"C-{n}\n".encode() for n in range(5)))
    real = sync_customers

    def canceling(**more: Any) -> Any:
        admin_client.post(f"/admin/files/import/{file.pk}/", {"do": "cancel"})
        return real(**more)

    monkeypatch.setattr(services, "sync_customers", canceling)
    written = write(admin_client, file)
    assert (written.state, written.written, written.results) == ("canceled", 2, {"created": 2})
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    "text", ["=1+1", "+4915100000001", "+1+1", "-5", "@SUM(A1)", "\t=1", "'=x", "plain", "O'Neil", "＝1"]
)
def test_no_cell_is_a_formula_and_each_comes_back_as_it_was(text: str) -> None:
    assert harmless(text)[0] not in "=+-@\t＝" or harmless(text)[1:].isdecimal()
    assert without_guard(harmless(text)) == text


def test_the_filtered_list_goes_out_and_comes_in_again_unchanged(
    admin_client: Client, checked: Callable[..., Import]
) -> None:
    gold, silver = (
        Tier.objects.create(key=key, name=key.title(), rank=n) for n, key in enumerate(("gold", "silver"), start=1)
    )
    Attribute.objects.create(name="plan", label="Plan", kind="text")
    one = Customer.objects.create(
        external_id="C-1", name="=cmd|' /C calc'!A0", tier=gold, crm_tier=silver, tier_by="share",
        lifetime_value=Decimal("10.50"), attributes={"plan": "+plus"},
    )  # fmt: skip
    Identity.objects.create(customer=one, kind="phone", value="+4915100000001")
    Customer.objects.create(external_id="C-2", name="Bob")
    answer = admin_client.get("/admin/files/import/export/csv/", {"tier__id__exact": str(gold.pk)})
    body = b"".join(answer)
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert [row["external_id"] for row in rows] == ["C-1"]
    assert (rows[0]["name"], rows[0]["phone"]) == ("'=cmd|' /C calc'!A0", "+4915100000001")
    assert (rows[0]["tier"], rows[0]["tier_that_counts"]) == ("silver", "gold")
    assert checked(body).counts == {"unchanged": 1}


def test_a_file_is_written_piece_by_piece() -> None:
    pulled = []

    def rows() -> Any:
        for number in range(3_000):
            pulled.append(number)
            yield [number, "a & <b>", "=1", None, Decimal("1.5"), NOW]

    for writer in (as_csv, as_xlsx):
        pulled.clear()
        pieces = writer(["n", "text", "formula", "none", "money", "when"], rows())
        first = next(pieces), next(pieces)
        assert len(pulled) <= 1_000
        whole = b"".join([*first, *pieces])
    sheet = openpyxl.load_workbook(io.BytesIO(whole)).worksheets[0]
    assert sheet.max_row == 3_001
    assert [cell.value for cell in sheet[2]][:5] == [0, "a & <b>", "=1", None, 1.5]
    assert sheet["C2"].data_type == "s"


def test_only_who_may_add_and_change_customers_imports(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("reader", is_staff=True))
    assert client.get(NEW).status_code == 403
    assert client.get("/admin/files/import/export/csv/").status_code == 403


def test_a_number_that_may_be_a_thousand_is_refused_in_its_row_as_it_was_typed(checked: Callable[..., Import]) -> None:
    Attribute.objects.create(name="points", label="Points", kind="number")
    rows = ["C-1;1.234;;5", "C-2;1,234 €;;5", "C-3;;1.234;5", "C-4;1.234,00;1.234,5;1.234"]
    file = checked("\n".join(["Kundennummer;Umsatz;Points;Bestellungen", *rows]).encode())
    assert file.counts == {"failed": 3, "created": 1}
    reasons = list(file.faults.order_by("row").values_list("row", "reason"))
    assert reasons == [
        (2, "Umsatz: 1.234 may be a thousand: write 1234, or an amount with two decimals."),
        (3, "Umsatz: 1,234 may be a thousand: write 1234, or an amount with two decimals."),
        (4, "Points: 1.234 may be a thousand: write 1234, or the number with another decimal."),
    ]
    pairs = file.changes[0]["pairs"]
    assert pairs["orders"][1] == 1234
    assert pairs["revenue_12m"][1] == "1234.00"
    assert pairs["attributes.points"][1] == 1234.5


def test_what_is_wrong_with_an_address_is_told_at_its_own_column(checked: Callable[..., Import]) -> None:
    file = checked(b"Kundennummer;Telefon;E-Mail\nC-1;0151 23456789;nobody at all\nC-2;12;ada@example.com\n")
    first, second = file.faults.order_by("row").values_list("reason", flat=True)
    assert first.startswith("E-Mail: ")
    assert second.startswith("Telefon: ")


def test_a_file_is_removed_with_its_faults_while_its_customers_stay(
    checked: Callable[..., Import], admin_client: Client
) -> None:
    file = write(admin_client, checked(b"external_id,name,orders\nC-1,Ada,3\nC-2,Bob,many\n"))
    Import.objects.update(state=Import.State.RUNNING)
    address = f"/admin/files/import/{file.pk}/"
    busy = admin_client.post(address, {"do": "remove"}, follow=True).content.decode()
    assert "Cancel it first" in busy
    Import.objects.update(state=Import.State.DONE)
    assert "Remove from the list" in admin_client.get(address).content.decode()
    said = admin_client.post(address, {"do": "remove"}, follow=True).content.decode()
    assert "is removed from this list" in said
    assert not Import.objects.exists()
    assert Customer.objects.get().external_id == "C-1"


def test_rows_of_one_customer_are_told_before_the_later_one_counts(
    checked: Callable[..., Import], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    file = checked(b"external_id,name\nC-1,First\nC-2,Other\nC-3,Third\nC-1,Last\nC-1,Very last\n")
    assert file.repeats == {"count": 2, "first": [[5, 2], [6, 5]]}
    page = admin_client.get(f"/admin/files/import/{file.pk}/").content.decode()
    assert "2 rows name a customer whom an earlier row names: the later row counts. Row 5 (2), Row 6 (5)" in page
    write(admin_client, file)
    assert Customer.objects.get(external_id="C-1").name == "Very last"


def test_a_text_that_is_named_like_a_spreadsheet_is_none(admin_client: Client) -> None:
    answer = admin_client.post(NEW, {"file": SimpleUploadedFile("customers.xlsx", b"this is no workbook")})
    assert answer.status_code == 400
    assert "By its name this is a spreadsheet, but it is none." in answer.content.decode()


def test_whoever_may_not_import_reads_why_on_a_page(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("reader", is_staff=True))
    answer = client.get(NEW)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You may not see or do this" in page
    assert "signed in as reader" in page
    missing = client.get("/admin/files/nothing/")
    assert (missing.status_code, "There is nothing at this address" in missing.content.decode()) == (404, True)


def test_every_change_is_to_be_had_before_it_is_written(
    checked: Callable[..., Import], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Customer.objects.create(external_id="C-1", name="Old", orders=3)
    Customer.objects.create(external_id="C-0", name="Same")
    monkeypatch.setattr(services, "BATCH", 2)
    monkeypatch.setattr(services, "_SHOWN", 1)
    file = checked(b"external_id,name,orders\nC-0,Same,\nC-1,=New,4\nC-2,Added,\n")
    page = admin_client.get(f"/admin/files/import/{file.pk}/").content.decode()
    assert "The first 1 of 2 rows that change something" in page
    answer: Any = admin_client.get(f"/admin/files/import/{file.pk}/changes/")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[1:] == [
        ["3", "C-1", "changed", "name", "Old", "'=New"],
        ["3", "C-1", "changed", "orders", "3", "4"],
        ["4", "C-2", "added", "name", "", "Added"],
    ]
    assert Customer.objects.get(external_id="C-1").name == "Old"
    write(admin_client, file)
    assert admin_client.get(f"/admin/files/import/{file.pk}/changes/").status_code == 404
