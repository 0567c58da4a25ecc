/// Instants and the clock on the wall of a time zone.

/** `2026-03-02T10:00` as the field for date and time has it. */
export function wallClock(instant: string, zone: string): string {
  const parts = partsOf(new Date(instant), zone);
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** The instant at which the clocks of `zone` show `wall`; an hour that they skip is the one after. */
export function instantOf(wall: string, zone: string): string {
  // An empty field, or one that is being typed into.
  if (!/^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(wall)) return "";
  const wanted = Date.parse(`${wall}:00Z`);
  if (Number.isNaN(wanted)) return "";
  let guess = wanted;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  for (let round = 0; round < 2; round += 1) {
    const shown = Date.parse(`${wallClock(new Date(guess).toISOString(), zone)}:00Z`);
    guess += wanted - shown;
  }
  return new Date(guess).toISOString();
}

export function longWords(instant: string, zone: string): string {
  return new Date(instant).toLocaleString(languageOf(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone, timeZoneName: "short" });
}

/** “Europe/Berlin (CET)”, as the clocks there are called at that time. */
export function zoneWords(zone: string, at: string): string {
  const name = new Intl.DateTimeFormat(languageOf(), { timeZone: zone, timeZoneName: "short" }).formatToParts(new Date(at)).find((part) => part.type === "timeZoneName")?.value;
  const place = zone.replaceAll("_", " ");
  return name && name !== place ? `${place} (${name})` : place;
}

export function clockWords(instant: string, zone: string): string {
  return new Date(instant).toLocaleTimeString(languageOf(), { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone });
}

/** The time of what happened, with the day where that is another one than before. */
export function turnWords(at: string, before: string, zone: string): string {
  const clock = clockWords(at, zone);
  if (wallClock(at, zone).slice(0, 10) === wallClock(before, zone).slice(0, 10)) return clock;
  return `${new Date(at).toLocaleDateString(languageOf(), { weekday: "short", day: "numeric", month: "short", timeZone: zone })}, ${clock}`;
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Times that are worth a try: now, at night, on a Sunday. */
export function moments(now: Date, zone: string): { label: string; at: string }[] {
  const today = wallClock(now.toISOString(), zone).slice(0, 10);
  const noon = new Date(`${today}T12:00:00Z`);
  const sunday = new Date(noon.getTime() + ((7 - noon.getUTCDay()) % 7) * 86_400_000);
  return [
    { label: "Now", at: now.toISOString() },
    { label: "Tonight at 23:00", at: instantOf(`${today}T23:00`, zone) },
    { label: "Sunday at noon", at: instantOf(`${sunday.toISOString().slice(0, 10)}T12:00`, zone) },
  ];
}

function languageOf(): string | undefined {
  return document.documentElement.lang || undefined;
}

function partsOf(date: Date, zone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(date).map((part) => [part.type, part.value]));
}
