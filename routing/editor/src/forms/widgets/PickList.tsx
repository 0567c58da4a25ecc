/// A list that opens below a button, with a search field: by mouse, or by arrow keys, Enter and Escape.

import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { t, tn } from "../../t";

export interface Pick {
  value: string;
  label: string;
  /** Smaller, beside or below the label. */
  hint?: string;
  detail?: string;
  group?: string;
  /** What else the search looks at. */
  also?: string;
}

interface PickListProps {
  anchor: RefObject<HTMLElement | null>;
  title: string;
  picks: Pick[];
  chosen?: string | undefined;
  /** Takes what is typed where no pick fits; its sentence, or null if that is not possible. */
  free?: (text: string) => { value: string; label: string } | null;
  empty?: ReactNode;
  foot?: ReactNode;
  choose: (value: string) => void;
  close: () => void;
}

const WIDTH = 380;
const HEIGHT = 380;

export function PickList({ anchor, title, picks, chosen, free, empty, foot, choose, close }: PickListProps) {
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(0);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const around = anchor.current?.getBoundingClientRect();
    const own = box.current;
    if (!around || !own) return;
    const width = Math.min(Math.max(around.width, Math.min(WIDTH, window.innerWidth - 16)), window.innerWidth - 16);
    const below = window.innerHeight - around.bottom - 12;
    const above = around.top - 12;
    const height = Math.min(HEIGHT, Math.max(below, above, 160));
    const goesBelow = below >= Math.min(HEIGHT, 260) || below >= above;
    own.style.width = `${width}px`;
    own.style.maxHeight = `${height}px`;
    own.style.left = `${Math.max(8, Math.min(around.left, window.innerWidth - width - 8))}px`;
    if (goesBelow) own.style.top = `${around.bottom + 4}px`;
    else own.style.bottom = `${window.innerHeight - around.top + 4}px`;
  }, [anchor]);

  useEffect(() => {
    const outside = (event: Event) => {
      if (event.target instanceof Node && (box.current?.contains(event.target) || anchor.current?.contains(event.target))) return;
      close();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [anchor, close]);

  const found = useMemo(() => {
    const wanted = search.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = picks.filter((pick) => {
      const text = `${pick.label} ${pick.value} ${pick.group ?? ""} ${pick.also ?? ""}`.toLowerCase().replace(/_/g, " ");
      return wanted.every((word) => text.includes(word.replace(/_/g, " ")));
    });
    const own = search.trim() && free && !picks.some((pick) => pick.value === search.trim()) ? free(search.trim()) : null;
    // The arrow keys go in the order that is seen: group by group, the one with the best hit first.
    const best = wanted.length ? [...hits].sort((a, b) => rankOf(a, wanted) - rankOf(b, wanted)) : hits;
    const inOrder = groupsOf(best).flatMap(([, inside]) => inside.map(({ pick }) => pick));
    return own ? [...inOrder, { ...own, group: t("As typed") }] : inOrder;
  }, [free, picks, search]);

  const at = Math.min(active, found.length - 1);
  const option = (index: number) => `${id}-${index}`;
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at, id]);

  const finish = (value: string) => {
    choose(value);
    close();
    anchor.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setActive(Math.max(0, Math.min(found.length - 1, move)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const pick = found[at];
      if (pick) finish(pick.value);
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
      anchor.current?.focus();
    } else {
      // The canvas has shortcuts of its own.
      event.stopPropagation();
    }
  };
  return createPortal(
    <div
      ref={box}
      role="dialog"
      aria-label={title}
      className="f-popover"
    >
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length ? option(at) : undefined}
        aria-autocomplete="list"
        aria-label={title}
        className="f-input f-search"
        placeholder={t("Search")}
        autoFocus
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <p className="f-hidden" role="status">
        {tn("%(count)s found", "%(count)s found", found.length)}
      </p>
      {/* Focus stays in the search field; the list is moved through from there. */}
      <div role="listbox" id={`${id}-list`} aria-label={title} className="f-picks">
        {groupsOf(found).map(([group, inside]) => (
          <div role="group" key={group} aria-label={group || title}>
            {group ? (
              <div className="f-pick-group" aria-hidden="true">
                {group}
              </div>
            ) : null}
            {inside.map(({ pick, index }) => (
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
              <div
                role="option"
                key={pick.value}
                id={option(index)}
                aria-selected={pick.value === chosen}
                className={`f-pick${index === at ? " f-active" : ""}`}
                onClick={() => finish(pick.value)}
                onPointerMove={() => setActive(index)}
              >
                <span className="f-pick-label">{pick.label}</span>
                {pick.hint ? <code className="f-pick-hint">{pick.hint}</code> : null}
                {pick.detail ? <span className="f-pick-detail">{pick.detail}</span> : null}
              </div>
            ))}
          </div>
        ))}
      </div>
      {found.length ? null : <div className="f-none">{search ? t("Nothing fits “%(search)s”.", { search }) : empty}</div>}
      {foot ? <div className="f-pick-foot">{foot}</div> : null}
    </div>,
    document.body,
  );
}

/** What is called exactly so comes first, then what has it as words of its name, then what only holds it somewhere. */
function rankOf(pick: Pick, wanted: string[]): number {
  const own = pick.value.slice(pick.value.lastIndexOf(".") + 1).toLowerCase().replace(/_/g, " ");
  const text = wanted.join(" ").replace(/_/g, " ");
  const label = pick.label.toLowerCase();
  if (own === text || label === text) return 0;
  if (label.startsWith(text)) return 1;
  return wanted.every((word) => label.split(/[^\p{L}\p{N}]+/u).some((one) => one.startsWith(word))) ? 2 : 3;
}

function groupsOf(picks: Pick[]): [string, { pick: Pick; index: number }[]][] {
  const groups = new Map<string, { pick: Pick; index: number }[]>();
  // Groups keep together, and the arrow keys go in the order that is seen.
  picks.forEach((pick) => groups.set(pick.group ?? "", []));
  picks.forEach((pick, index) => groups.get(pick.group ?? "")?.push({ pick, index }));
  return [...groups];
}
