/// The small buttons over the canvas: nearer, farther, fit, in order, a box, find, keys.

import { useEditor } from "../state/store";
import { Icon } from "../shell/Icon";
import { t } from "../t";
import { useAsking } from "./asking";
import { addNote, arrange } from "./commands";
import { fit, zoomBy } from "./view";

export function Controls({ boxing, onBoxing }: { boxing: boolean; onBoxing: (on: boolean) => void }) {
  const readOnly = useEditor((state) => state.readOnly);
  return (
    <div className="fe-controls" role="toolbar" aria-orientation="vertical" aria-label={t("View")}>
      <Button icon="remove" label={t("Farther (-)")} onClick={() => zoomBy(0.8)} />
      <Button icon="add" label={t("Nearer (+)")} onClick={() => zoomBy(1.25)} />
      <Button icon="fit_screen" label={t("Fit everything (F)")} onClick={() => fit()} />
      <span className="fe-controls-line" />
      {!readOnly && <Button icon="account_tree" label={t("Put in order (L)")} onClick={arrange} wide />}
      {!readOnly && <Button icon="sticky_note_2" label={t("Add a note (N)")} onClick={addNote} wide />}
      <Button icon="select_all" label={t("Choose with a box (or hold Shift)")} pressed={boxing} onClick={() => onBoxing(!boxing)} wide />
      <Button icon="search" label={t("Find a step (Ctrl F)")} onClick={() => useAsking.setState({ finding: true })} />
      <Button icon="keyboard" label={t("Keys and mouse (?)")} onClick={() => useAsking.setState({ ask: { kind: "help" } })} wide />
    </div>
  );
}

interface ButtonProps {
  icon: string;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  /** Left out where there is no room for it; the menu has it, too. */
  wide?: boolean;
}

function Button({ icon, label, onClick, pressed, wide }: ButtonProps) {
  return (
    <button type="button" className={`fe-icon-button ${wide ? "fe-wide-only" : ""}`} title={label} aria-label={label} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
