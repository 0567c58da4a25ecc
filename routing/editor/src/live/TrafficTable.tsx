/// The numbers of the canvas as tables: every way and every stop, for the keyboard and for who cannot see the lines.

import { useId } from "react";
import { Icon } from "../shell/Icon";
import { useEditor } from "../state/store";
import { t, tn } from "../t";
import type { Span, Stop, TakenEdge, Traffic, Way } from "./model";
import { openWay, showTraffic, useLive } from "./state";
import { clock, moment, noneIn, number, share, spanWords, stopTitle } from "./words";

const SPANS: Span[] = ["hour", "day", "week"];

export function TrafficTable() {
  const traffic = useLive((state) => state.traffic);
  const loading = useLive((state) => state.loading);
  return (
    <>
      <Choices />
      {traffic ? <Numbers traffic={traffic} /> : loading && <p role="status">{t("Counting…")}</p>}
    </>
  );
}

function Choices() {
  const span = useLive((state) => state.span);
  const versions = useLive((state) => state.versions);
  const live = useLive((state) => state.traffic?.live);
  const name = useId();
  const words = { hour: t("Hour"), day: t("Day"), week: t("Week") };
  return (
    <div className="lv-choices">
      <fieldset className="lv-spans">
        <legend className="lv-hidden">{t("Contacts that arrived in the last …")}</legend>
        {SPANS.map((one) => (
          <label key={one} className={one === span ? "is-chosen" : ""}>
            <input type="radio" name={name} checked={one === span} onChange={() => void showTraffic({ span: one })} />
            {words[one]}
          </label>
        ))}
      </fieldset>
      <select
        className="lv-versions"
        aria-label={t("Versions")}
        value={versions}
        onChange={(event) => void showTraffic({ versions: event.target.value === "live" ? "live" : "all" })}
      >
        <option value="all">{t("All versions")}</option>
        <option value="live">{live ? t("Version %(number)s alone", { number: live.number }) : t("The live version alone")}</option>
      </select>
    </div>
  );
}

function Numbers({ traffic }: { traffic: Traffic }) {
  const total = traffic.total;
  const isEmpty = !total && !traffic.edges.length && !traffic.gone.length && !traffic.stops.length;
  return (
    <>
      <p className="lv-total">
        <strong>{number(total)}</strong> {tn("contact arrived in %(span)s", "contacts arrived in %(span)s", total, { span: spanWords(traffic.span) })}
      </p>
      <p className="fe-muted lv-small">
        {t("As of %(time)s, refreshed every 10 seconds", { time: clock(traffic.now, true) })}
        {traffic.counted_at && ` · ${t("counted until %(time)s only: the background workers are behind", { time: moment(traffic.counted_at) })}`}
        {traffic.counted_from && ` · ${t("those before %(time)s are still being counted", { time: moment(traffic.counted_from) })}`}
      </p>
      {isEmpty ? (
        <div className="lv-empty">
          <Icon name="bedtime" />
          <p>{noneIn(traffic.span)}</p>
          {traffic.span !== "week" && (
            <button type="button" className="fe-button is-small" onClick={() => void showTraffic({ span: "week" })}>
              {t("Look at the week")}
            </button>
          )}
        </div>
      ) : (
        <>
          <Legend />
          <Edges caption={t("Ways taken")} edges={traffic.edges} total={total} />
          <Stops stops={traffic.stops} total={total} />
          {traffic.gone.length > 0 && <Edges caption={t("Ways that the live version no longer has")} edges={traffic.gone} total={total} versions />}
        </>
      )}
    </>
  );
}

function Legend() {
  return (
    <details className="lv-legend">
      <summary>{t("How to read this")}</summary>
      <ul>
        <li>{t("A line says how many contacts took it, each once, and their share of all that arrived. The wider, the more.")}</li>
        <li>{t("A faint line with 0 was taken by nobody.")}</li>
        <li>{t("A step says who is there now, who hung up there, and who could not go on and was taken by the fallback queue.")}</li>
        <li>{t("A contact belongs to the span in which it arrived. Choose a line or a row to see its contacts.")}</li>
      </ul>
    </details>
  );
}

function Edges({ caption, edges, total, versions = false }: { caption: string; edges: TakenEdge[]; total: number; versions?: boolean }) {
  if (!edges.length) return null;
  // The most taken first, and equals from top to bottom as on the canvas.
  const place = places();
  const sorted = [...edges].sort((a, b) => b.contacts - a.contacts || (place.get(a.step) ?? 0) - (place.get(b.step) ?? 0));
  return (
    <table className="lv-table">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{t("Step and exit")}</th>
          <th scope="col">{t("Contacts")}</th>
          <th scope="col">{t("Share")}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((edge) => (
          <tr key={`${edge.step}:${edge.exit}:${edge.target}`}>
            <th scope="row">
              <button type="button" className="lv-row" onClick={() => choose({ step: edge.step, exit: edge.exit, target: edge.target, kind: "exit", title: edge.title })}>
                <span className="lv-strong">{edge.title}</span>{" "}
                <span className="fe-muted">
                  {edge.to ? t("“%(exit)s” → %(step)s", { exit: edge.label, step: edge.to }) : t("“%(exit)s”, the end", { exit: edge.label })}
                  {versions && ` · ${tn("version %(numbers)s", "versions %(numbers)s", edge.numbers.length, { numbers: edge.numbers.join(", ") })}`}
                </span>
              </button>
            </th>
            <td>{number(edge.contacts)}</td>
            <td>{share(edge.contacts, total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Stops({ stops, total }: { stops: Stop[]; total: number }) {
  if (!stops.length) return null;
  const place = places();
  const order = Object.keys(STOP_ICONS);
  const sorted = [...stops].sort((a, b) => (place.get(a.step) ?? 0) - (place.get(b.step) ?? 0) || order.indexOf(a.kind) - order.indexOf(b.kind));
  return (
    <table className="lv-table">
      <caption>{t("Where contacts are or stopped")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("Step")}</th>
          <th scope="col">{t("Contacts")}</th>
          <th scope="col">{t("Share")}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((stop) => (
          <tr key={`${stop.step}:${stop.kind}`}>
            <th scope="row">
              <button type="button" className="lv-row" onClick={() => choose({ step: stop.step, exit: "", target: "", kind: stop.kind, title: stop.title })}>
                <span className="lv-strong">{stop.title}</span>{" "}
                <span className={`lv-stop is-${stop.kind}`}>
                  <Icon name={STOP_ICONS[stop.kind]} />
                  {stop.gone ? t("%(stop)s, in an earlier version", { stop: stopTitle(stop.kind) }) : stopTitle(stop.kind)}
                </span>
              </button>
            </th>
            <td>{number(stop.contacts)}</td>
            {/* Who is here now may have arrived before the span. */}
            <td>{stop.kind === "here" ? "" : share(stop.contacts, total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const STOP_ICONS = { here: "hourglass_top", hung_up: "call_end", stranded: "report" };

/** Which step comes before which. */
function places(): Map<string, number> {
  return new Map(useEditor.getState().definition.steps.map((step, index) => [step.id, index]));
}

function choose(way: Way): void {
  void openWay(way);
}
