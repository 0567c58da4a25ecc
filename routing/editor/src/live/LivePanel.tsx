/// The live flow: how many contacts took each way, who they were, and one contact's way.

import { useEffect } from "react";
import { useEditor } from "../state/store";
import { t } from "../t";
import { ContactTrace } from "./ContactTrace";
import { ContactList } from "./ContactList";
import { showTraffic, useLive } from "./state";
import { TrafficTable } from "./TrafficTable";
import "./live.css";

export function LivePanel() {
  const document = useEditor((state) => state.document);
  const showing = useLive((state) => state.showing);
  const list = useLive((state) => state.list);
  const problem = useLive((state) => state.problem);
  const elsewhere = useLive((state) => state.elsewhere);
  const loading = useLive((state) => state.loading);
  const mayView = document?.may.view_contacts ?? false;
  const isLive = document?.flow.live != null;

  useEffect(() => {
    // Opened by its tab: the numbers are what was wanted. A contact, or a question under way, is not interrupted.
    const { showing: now, loading: busy, problem: refused } = useLive.getState();
    if (mayView && isLive && now === "nothing" && !busy && !refused) void showTraffic();
  }, [mayView, isLive]);

  if (!mayView) return <p>{t("You are not allowed to see contacts. Ask whoever manages your rights.")}</p>;
  return (
    <div className="lv">
      {problem && (
        <p role="alert" className="fe-problem">
          {problem}{" "}
          {elsewhere && <a className="lv-link" href={elsewhere}>{t("Show it there")}</a>}
        </p>
      )}
      {showing === "contact" ? (
        <ContactTrace />
      ) : list ? (
        <ContactList list={list} />
      ) : isLive ? (
        <>
          {showing === "nothing" && !loading && (
            <button type="button" className="fe-button is-primary" onClick={() => void showTraffic()}>
              {t("Show the numbers on the canvas")}
            </button>
          )}
          <TrafficTable />
        </>
      ) : (
        <p>{t("This flow was never published, so no contact goes through it. Publish it to see it live.")}</p>
      )}
    </div>
  );
}
