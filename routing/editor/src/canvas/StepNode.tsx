/// One step on the canvas: what it is called, what it does in words, its exits, and what is wrong with it.

import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { Icon } from "../shell/Icon";
import { t, tn } from "../t";
import { iconOf } from "./kinds";
import { widthOf } from "./sizes";
import type { ShownExit, StepData, StepNode as Node } from "./model";

export const StepNode = memo(function StepNode({ data, selected }: NodeProps<Node>) {
  const { step, kind, said, exits, faults, overlay } = data;
  const errors = faults.filter((fault) => fault.level === "error").length;
  const warnings = faults.length - errors;
  // What cannot be read yet says what it waits for; one that is called what it does says what kind of step it is.
  const asked = said.gist === "" && errors > 0 ? (faults.find((fault) => fault.level === "error")?.message ?? "") : "";
  const gist = said.gist === said.title ? data.typeTitle : said.gist;
  const line = asked || (gist === said.title ? "" : gist);
  const tone = overlay ? `tone-${overlay.tone}` : data.faded ? "is-faded" : "";
  return (
    <div
      className={`fe-step kind-${kind ?? "unknown"} ${selected ? "is-selected" : ""} ${tone}`}
      style={{ width: widthOf(exits.length) }}
      data-step={step.id}
      role="group"
      aria-roledescription={t("step")}
      aria-label={nameOf(data, errors, warnings)}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the canvas is an application: arrow keys go from step to step
      tabIndex={selected ? 0 : -1}
    >
      {kind !== "trigger" && <Handle type="target" id="in" position={Position.Top} isConnectableStart={false} />}
      <div className="fe-step-head">
        <span className="fe-step-icon">
          <Icon name={iconOf(step.type, kind)} />
        </span>
        <span className="fe-step-title">{said.title}</span>
        {data.others && (
          <span className="fe-here" title={t("Here now: %(names)s", { names: data.others })}>
            {data.initials}
          </span>
        )}
        {overlay?.badge && <span className="fe-over-badge">{overlay.badge}</span>}
        {errors > 0 && (
          <span className="fe-badge is-error" title={faults.map((fault) => fault.message).join("\n")}>
            <Icon name="error" />
            {errors > 1 && errors}
          </span>
        )}
        {errors === 0 && warnings > 0 && (
          <span className="fe-badge is-warning" title={faults.map((fault) => fault.message).join("\n")}>
            <Icon name="warning" />
          </span>
        )}
      </div>
      {line && (
        <div className={`fe-gist ${asked ? "is-asked" : ""}`} title={line}>
          {line}
        </div>
      )}
      {overlay?.detail && <div className="fe-over-detail">{overlay.detail}</div>}
      {exits.length > 0 && (
        <div className="fe-exits">
          {exits.map((exit) => (
            <ExitRow key={exit.name} exit={exit} />
          ))}
        </div>
      )}
    </div>
  );
});

function ExitRow({ exit }: { exit: ShownExit }) {
  const look = exit.target ? "is-led" : exit.fault ? "is-loose" : "is-quiet";
  return (
    <div className={`fe-exit ${look}`} title={exit.target ? exit.label : exit.fault || t("Leads nowhere, and may.")}>
      <span className="fe-exit-label">
        {!exit.target && exit.fault && <Icon name="link_off" />}
        {exit.label}
      </span>
      <Handle type="source" id={exit.name} position={Position.Bottom} isConnectableEnd={false} />
    </div>
  );
}

function nameOf({ said, typeTitle, exits, overlay }: StepData, errors: number, warnings: number): string {
  const loose = exits.filter((exit) => exit.fault && !exit.target).length;
  return [
    said.title,
    said.title === typeTitle ? "" : typeTitle,
    said.gist === said.title ? "" : said.gist,
    errors ? tn("%(count)s error", "%(count)s errors", errors) : "",
    warnings ? tn("%(count)s warning", "%(count)s warnings", warnings) : "",
    loose ? tn("%(count)s exit leads nowhere", "%(count)s exits lead nowhere", loose) : "",
    [overlay?.badge, overlay?.detail].filter(Boolean).join(" "),
  ]
    .filter(Boolean)
    .join(". ");
}
