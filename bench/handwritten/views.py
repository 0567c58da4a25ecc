"""The webhooks: check the signature, ask the CRM, keep the call, dial the right queue; or keep the message and reply."""

import requests
from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.views import APIView
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from bench.handwritten.models import Call, Message

GREETING = "Welcome. We are putting you through to the right team."


class VoiceView(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (FormParser,)

    def post(self, request: Request) -> HttpResponse:
        validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(request.build_absolute_uri(), request.data, signature):
            raise PermissionDenied

        status = loyalty_status(request.data["From"])
        queue = "vip" if status in {"gold", "platinum"} else "standard"
        Call.objects.create(
            call_sid=request.data["CallSid"],
            from_number=request.data["From"],
            to_number=request.data["To"],
            loyalty_status=status,
            queue=queue,
        )

        response = VoiceResponse()
        response.say(GREETING, language="en-US")
        dial = response.dial(timeout=30, action="/voice/")
        dial.sip(f"sip:{queue}@pbx.example.com?X-Tier={status}&X-Call={request.data['CallSid']}")
        return HttpResponse(str(response), content_type="text/xml")


class MessageView(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (FormParser,)

    def post(self, request: Request) -> HttpResponse:
        validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(request.build_absolute_uri(), request.data, signature):
            raise PermissionDenied

        status = loyalty_status(request.data["From"])
        message = Message.objects.create(
            message_sid=request.data["MessageSid"],
            from_number=request.data["From"],
            to_number=request.data["To"],
            body=request.data["Body"],
            loyalty_status=status,
            queue="vip" if status in {"gold", "platinum"} else "standard",
        )
        account = request.data["AccountSid"]
        answer = requests.post(
            f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{account}/Messages.json",
            auth=(account, settings.TWILIO_AUTH_TOKEN),
            data={"From": message.to_number, "To": message.from_number, "Body": GREETING},
            timeout=5,
        )
        answer.raise_for_status()
        message.reply_sid = answer.json()["sid"]
        message.save(update_fields=["reply_sid"])
        return HttpResponse(str(MessagingResponse()), content_type="text/xml")


def loyalty_status(phone: str) -> str:
    try:
        answer = requests.get(settings.CRM_URL, params={"phone": phone}, timeout=2)
        answer.raise_for_status()
        return str(answer.json()["loyalty_status"])
    except (requests.RequestException, ValueError, KeyError):
        return ""
