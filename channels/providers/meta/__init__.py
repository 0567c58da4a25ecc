"""Meta's own interfaces: WhatsApp Cloud, Messenger and Instagram."""
