/// Says that something else than the draft is shown, or what is laid over it, and leads back.

import { useEditor } from "../state/store";
import { t } from "../t";
import { Icon } from "./Icon";

export function LookBar() {
  const looking = useEditor((state) => state.looking);
  const overlay = useEditor((state) => state.overlay);
  const back = useEditor((state) => state.back);
  const setOverlay = useEditor((state) => state.setOverlay);
  const mayEdit = useEditor((state) => state.document?.may.edit);
  return (
    <div className="fe-looks">
      {looking && (
        <div className="fe-look" role="status">
          <Icon name="visibility" />
          <span>
            {looking.title}
            {overlay && <span className="fe-look-over"> · {overlay.title}</span>}
          </span>
          <button type="button" className="fe-button is-small" onClick={back}>
            {t("Back to the draft")}
          </button>
        </div>
      )}
      {!looking && mayEdit === false && (
        <div className="fe-look" role="status">
          <Icon name="visibility" />
          <span>{t("You may look at this flow, but not change it.")}</span>
        </div>
      )}
      {overlay && !looking && (
        <div className="fe-look is-overlay" role="status">
          <Icon name="layers" />
          <span>{overlay.title}</span>
          <button type="button" className="fe-icon-button" aria-label={t("Take this off the canvas")} onClick={() => setOverlay(null)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
