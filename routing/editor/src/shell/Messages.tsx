/// Short words on what happened, above the canvas' lower edge; they go by themselves, save errors and questions.

import { useEffect, useState } from "react";
import { type Message, useEditor } from "../state/store";
import { t } from "../t";
import { Icon } from "./Icon";

export const GOES_AFTER_MS = 8000;

export function Messages() {
  const messages = useEditor((state) => state.messages);
  return (
    <div className="fe-messages" role="status" aria-live="polite">
      {messages.map((message) => (
        <OneMessage key={message.id} message={message} />
      ))}
    </div>
  );
}

function OneMessage({ message }: { message: Message }) {
  const dismiss = useEditor((state) => state.dismiss);
  // Whoever points at it or has come to its button is not done with it.
  const [held, setHeld] = useState(false);
  const { id, stays, action } = message;
  useEffect(() => {
    if (stays || held) return;
    const timer = setTimeout(() => dismiss(id), GOES_AFTER_MS);
    return () => clearTimeout(timer);
  }, [dismiss, id, stays, held]);
  return (
    <div
      className={`fe-message is-${message.tone}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{message.text}</span>
      {action && (
        <button
          type="button"
          className="fe-button is-small"
          onClick={() => {
            action.run();
            dismiss(id);
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" className="fe-icon-button" aria-label={t("Dismiss")} onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
