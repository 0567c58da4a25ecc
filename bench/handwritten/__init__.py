"""The same job as one writes it by hand: Django, DRF, Twilio's SDK, requests, the ORM. What the benchmark compares with."""
