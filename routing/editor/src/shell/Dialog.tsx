/// A question over the page: the browser's own dialog keeps the keyboard in it, Escape closes it.

import { type ReactNode, useEffect, useId, useRef } from "react";
import { t } from "../t";
import { Icon } from "./Icon";

export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element && !element.open) element.showModal();
    // The first field, where the browser would take the close button.
    element?.querySelector<HTMLElement>(".fe-dialog-inside :is(input, textarea, select)")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- beside it is a click for the mouse; Escape is the browser's
    <dialog
      ref={dialog}
      className={`fe-dialog ${wide ? "is-wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="fe-dialog-inside">
        <div className="fe-dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="fe-icon-button" onClick={onClose} aria-label={t("Close")}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
