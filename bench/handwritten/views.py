"""The voice webhook: check the signature, ask the CRM, keep the call, dial the right queue."""

import requests
from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.views import APIView
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from bench.handwritten.models import Call

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

        status = self.loyalty_status(request.data["From"])
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

    def loyalty_status(self, phone: str) -> str:
        try:
            answer = requests.get(settings.CRM_URL, params={"phone": phone}, timeout=2)
            answer.raise_for_status()
            return str(answer.json()["loyalty_status"])
        except (requests.RequestException, ValueError, KeyError):
            return ""
