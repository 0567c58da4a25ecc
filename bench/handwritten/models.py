"""What is kept of a call, and of a message."""

from django.db import models


class Call(models.Model):
    call_sid = models.CharField(max_length=64, unique=True)
    from_number = models.CharField(max_length=40, db_index=True)
    to_number = models.CharField(max_length=40)
    loyalty_status = models.CharField(max_length=40, blank=True)
    queue = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "handwritten"

    def __str__(self) -> str:
        return self.call_sid


class Message(models.Model):
    message_sid = models.CharField(max_length=64, unique=True)
    from_number = models.CharField(max_length=40, db_index=True)
    to_number = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    loyalty_status = models.CharField(max_length=40, blank=True)
    queue = models.CharField(max_length=40)
    reply_sid = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "handwritten"

    def __str__(self) -> str:
        return self.message_sid
