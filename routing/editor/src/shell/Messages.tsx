/// Short words on what happened, above the canvas' lower edge; they go by themselves unless they ask something.

import { useEditor } from "../state/store";
import { t } from "../t";
import { Icon } from "./Icon";

export function Messages() {
  const messages = useEditor((state) => state.messages);
  const dismiss = useEditor((state) => state.dismiss);
  return (
    <div className="fe-messages" role="status" aria-live="polite">
      {messages.map((message) => (
        <div key={message.id} className={`fe-message is-${message.tone}`}>
          <span>{message.text}</span>
          {message.action && (
            <button
              type="button"
              className="fe-button is-small"
              onClick={() => {
                message.action?.run();
                dismiss(message.id);
              }}
            >
              {message.action.label}
            </button>
          )}
          <button type="button" className="fe-icon-button" aria-label={t("Dismiss")} onClick={() => dismiss(message.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
