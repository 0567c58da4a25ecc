"""Messages by Twilio: SMS and MMS, WhatsApp and Messenger."""
