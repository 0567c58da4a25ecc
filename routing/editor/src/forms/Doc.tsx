/// The help of a step: its first sentence, and the rest for whoever wants it.

import { Fragment } from "react";
import { t } from "../t";

const FIRST = /^([\s\S]+?[.!?])\s+(?=[\p{Lu}“`"])([\s\S]+)$/u;

export function Doc({ doc }: { doc: string }) {
  const text = doc.replace(/\s+/g, " ").trim();
  if (text === "") return null;
  const [, first = text, rest] = FIRST.exec(text) ?? [];
  return (
    <div className="f-doc">
      <p>{marked(first)}</p>
      {rest ? (
        <details>
          <summary>{t("More about this step")}</summary>
          <p>{marked(rest)}</p>
        </details>
      ) : null}
    </div>
  );
}

/** `names` in back quotes as names. */
function marked(text: string) {
  return text.split(/(`[^`]+`)/).map((part, index) => (
    <Fragment key={index}>{/^`[^`]+`$/.test(part) ? <code>{part.slice(1, -1)}</code> : part}</Fragment>
  ));
}
