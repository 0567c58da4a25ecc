/// Plain values compared and renewed piece by piece, so that what did not change stays the same object.

/** Deep equality of JSON values; an absent key and `undefined` are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => same(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (!same(left[key], right[key])) return false;
  }
  return true;
}

/** `next`, with every part that equals its counterpart in `before` replaced by that very object. */
export function share<T>(before: T, next: T): T {
  if (same(before, next)) return before;
  if (typeof before !== "object" || typeof next !== "object" || before === null || next === null) return next;
  if (Array.isArray(next)) {
    if (!Array.isArray(before)) return next;
    // Steps move up when one before them goes: they are known by their id.
    const byId = new Map<unknown, unknown>();
    for (const item of before as unknown[]) if (idOf(item) !== undefined) byId.set(idOf(item), item);
    return (next as unknown[]).map((item, index) => share(byId.get(idOf(item)) ?? (before as unknown[])[index], item)) as T;
  }
  if (Array.isArray(before)) return next;
  const shared: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(next)) shared[key] = share((before as Record<string, unknown>)[key], value);
  return shared as T;
}

function idOf(item: unknown): unknown {
  return typeof item === "object" && item !== null ? (item as { id?: unknown }).id : undefined;
}
