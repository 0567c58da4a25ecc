/// Addresses of ours as people call them.

const CHANNELS: Record<string, string> = { whatsapp: "WhatsApp", messenger: "Messenger", instagram: "Instagram" };

/** “WhatsApp +49…” for `whatsapp:+49…`; a number alone stays as it is. */
export function addressShown(address: string): string {
  const colon = address.indexOf(":");
  const channel = colon < 0 ? undefined : CHANNELS[address.slice(0, colon)];
  return channel ? `${channel} ${address.slice(colon + 1)}` : address;
}
