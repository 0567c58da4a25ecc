/// What an empty canvas says.

import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t } from "../t";
import { firstSentence } from "./ConnectDialog";
import { add } from "./commands";
import { iconOf } from "./kinds";

export function Start() {
  const palette = useEditor((state) => state.document?.palette);
  const readOnly = useEditor((state) => state.readOnly);
  const triggers = (palette ?? []).filter((item) => item.kind === "trigger");
  return (
    <div className="fe-start">
      <h2>{readOnly ? t("This flow is empty.") : t("How do contacts come in?")}</h2>
      {!readOnly && (
        <>
          <p>{t("Begin with one of these. Then pull a line from its exit and choose what happens next.")}</p>
          <div className="fe-start-choices">
            {triggers.map((item) => (
              <button key={item.type} type="button" className={`fe-start-choice kind-${item.kind}`} onClick={() => add(item.type)}>
                <Icon name={iconOf(item.type, item.kind)} />
                <strong>{t("Add “%(title)s”", { title: item.title })}</strong>
                <span>{firstSentence(item.doc)}</span>
              </button>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
