/// Who took a way, newest first; each opens its own way on the canvas.

import { useEffect, useRef } from "react";
import { Icon } from "../shell/Icon";
import { t } from "../t";
import { closeList, more, showContact, useLive, type WayList } from "./state";
import { moment, spanWords, wayWords } from "./words";

export function ContactList({ list }: { list: WayList }) {
  const span = useLive((state) => state.span);
  const head = useRef<HTMLHeadingElement>(null);
  const { way } = list;
  useEffect(() => {
    head.current?.focus();
  }, [way]);
  return (
    <section aria-labelledby="lv-list-title">
      <button type="button" className="fe-button is-small" onClick={closeList}>
        <Icon name="arrow_back" />
        {t("All ways")}
      </button>
      <h3 id="lv-list-title" className="lv-title" tabIndex={-1} ref={head}>
        {wayWords(way, list.words)}
      </h3>
      <p className="fe-muted lv-small">{way.kind === "here" ? t("At this moment, newest first") : t("Arrived in %(span)s, newest first", { span: spanWords(span) })}</p>
      <ul className="lv-contacts">
        {list.contacts.map((contact) => (
          <li key={contact.id}>
            <button type="button" className="lv-contact" onClick={() => void showContact(contact.id)}>
              <span className="lv-contact-head">
                <span className="lv-strong">{contact.who}</span>
                <time dateTime={contact.at}>{moment(contact.at)}</time>
              </span>
              <span className="lv-contact-facts">
                {contact.tier && (
                  <span className="lv-tier">
                    <i style={{ background: contact.tier.color }} />
                    {contact.tier.name}
                  </span>
                )}
                <span className={contact.fell_back ? "lv-bad" : ""}>{contact.fell_back ? t("fell back") : contact.outcome}</span>
                {contact.queue && <span>{contact.queue}</span>}
                <span className="lv-ref">{contact.reference}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {list.loading && <p role="status">{t("Loading…")}</p>}
      {!list.loading && !list.contacts.length && <p>{t("Nobody any more.")}</p>}
      {!list.loading && list.next && (
        <button type="button" className="fe-button" onClick={() => void more()}>
          {t("Show more")}
        </button>
      )}
      {list.page && list.contacts.length > 0 && (
        <p className="lv-small">
          <a className="lv-link" href={list.page}>
            {t("Search among all of them")}
          </a>
        </p>
      )}
    </section>
  );
}
