/// Every shortcut, as the canvas itself knows them.

import { Dialog } from "../shell/Dialog";
import { t } from "../t";
import { stopAsking } from "./asking";
import { type Shortcut, keysText, shortcuts } from "./keyboard";

export function HelpDialog() {
  const all = shortcuts().filter((shortcut) => shortcut.label);
  const groups = [...new Set(all.map((shortcut) => shortcut.group))];
  const mouse: [string, string][] = [
    [t("Drag from an exit"), t("Connects it; on an empty place it asks for a new step")],
    [t("Plus on a line"), t("Puts a step in between")],
    [t("Drop on a line"), t("The same, with a step from the list")],
    [t("Shift and drag"), t("Chooses all steps in a box")],
    [t("Shift and click"), t("Chooses one more step")],
    [t("Wheel"), t("Moves; with Ctrl nearer and farther")],
  ];
  return (
    <Dialog title={t("Keys and mouse")} onClose={stopAsking} wide>
      <div className="fe-help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {all
                .filter((shortcut) => shortcut.group === group)
                .map((shortcut) => (
                  <Row key={shortcut.keys[0]} shortcut={shortcut} />
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>{t("With the mouse")}</h3>
          <dl>
            {mouse.map(([what, does]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

function Row({ shortcut }: { shortcut: Shortcut }) {
  return (
    <div>
      <dt>
        {shortcut.keys.map((keys) => (
          <kbd key={keys}>{keysText(keys)}</kbd>
        ))}
      </dt>
      <dd>{shortcut.label}</dd>
    </div>
  );
}
