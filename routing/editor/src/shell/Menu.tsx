/// What is wanted seldom: the flow as text or file, its name, copying and arranging by menu, the colors of the page.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useAsking } from "../canvas/asking";
import { addNote, arrange, copyByMenu, duplicate, pasteByMenu, remove, selectAll } from "../canvas/commands";
import { flush } from "../state/autosave";
import { useEditor } from "../state/store";
import { t } from "../t";
import { Icon } from "./Icon";
import { openNaming } from "./NamingDialog";

interface Entry {
  icon: string;
  label: string;
  href?: string;
  run?: () => void;
  off?: boolean;
}

export function Menu() {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const urls = useEditor((state) => state.document?.urls);
  const readOnly = useEditor((state) => state.readOnly);
  const chosen = useEditor((state) => state.selection.length + state.noteSelection.length + state.edgeSelection.length);
  const steps = useEditor((state) => state.selection.length);
  const mayEdit = useEditor((state) => state.document?.may.edit ?? false);
  useEffect(() => {
    if (!open) return;
    place.current?.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    const leave = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [open]);
  if (!urls) return null;
  const edits: Entry[] = [
    { icon: "content_copy", label: t("Copy"), run: () => void copyByMenu(), off: !chosen },
    { icon: "content_paste", label: t("Paste"), run: () => void pasteByMenu(), off: readOnly },
    { icon: "control_point_duplicate", label: t("Duplicate"), run: duplicate, off: readOnly || !chosen },
    { icon: "delete", label: t("Delete"), run: remove, off: readOnly || !chosen },
    { icon: "select_all", label: t("Choose everything"), run: selectAll },
    { icon: "account_tree", label: steps > 1 ? t("Put the chosen steps in order") : t("Put in order"), run: arrange, off: readOnly },
    { icon: "folder_copy", label: t("Make a sub-flow…"), run: () => useAsking.setState({ ask: { kind: "subflow" } }), off: readOnly || !steps },
    { icon: "sticky_note_2", label: t("Add a note"), run: addNote, off: readOnly },
    { icon: "edit", label: t("Name and description…"), run: openNaming, off: !mayEdit },
  ];
  const pages: Entry[] = [
    { icon: "code", label: t("As text"), href: urls.text },
    { icon: "download", label: t("Export as a file"), href: urls.export },
    { icon: "download", label: t("Export as YAML"), href: urls.export && `${urls.export}?form=yaml` },
    { icon: "upload", label: t("Import a file"), href: urls.import ?? urls.list },
  ];
  const close = (focus = true) => {
    setOpen(false);
    if (focus) place.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(place.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
    else if (next !== undefined) items[(next + items.length) % items.length]?.focus();
    if (next !== undefined || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div className="fe-menu" ref={place}>
      <button
        type="button"
        className="fe-icon-button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={t("More")}
        title={t("More")}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more_vert" />
      </button>
      {open && (
        <div className="fe-menu-list" role="menu" aria-label={t("More")} tabIndex={-1} onKeyDown={onKeyDown}>
          {edits.map((entry) => (
            <button
              key={entry.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              disabled={entry.off}
              onClick={() => {
                close(false);
                entry.run?.();
              }}
            >
              <Icon name={entry.icon} />
              {entry.label}
            </button>
          ))}
          <div role="separator" />
          {pages.map((entry) => (
            <a key={entry.label} role="menuitem" tabIndex={-1} href={entry.href} onClick={(event) => void leave(event.nativeEvent, entry.href ?? "")}>
              <Icon name={entry.icon} />
              {entry.label}
            </a>
          ))}
          <div role="separator" />
          <Themes />
        </div>
      )}
    </div>
  );
}

/** The other pages show what is saved, so that it is saved first. */
async function leave(event: MouseEvent, href: string): Promise<void> {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    await flush();
    location.assign(href);
  } catch (error) {
    useEditor.getState().say(error instanceof Error ? error.message : String(error), "bad");
  }
}

/** The admin's own switch, by its own means (Alpine). */
function Themes() {
  const themes = [
    ["light", "light_mode", t("Light")],
    ["dark", "dark_mode", t("Dark")],
    ["auto", "computer", t("As the system")],
  ];
  return (
    <>
      {themes.map(([name, icon, label]) => (
        <button key={name} type="button" role="menuitem" tabIndex={-1} {...{ "x-on:click": `switchTheme('${name}')` }}>
          <Icon name={icon ?? ""} />
          {label}
        </button>
      ))}
    </>
  );
}
