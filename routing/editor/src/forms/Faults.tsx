/// What is wrong with a setting, right below it, each with ways to mend it.

import { useContext } from "react";
import { FormContext, type SettingFault } from "./context";

const MENDS_SHOWN = 2;

export function Faults({ faults, id }: { faults: SettingFault[]; id: string }) {
  const form = useContext(FormContext);
  if (!faults.length || !form) return null;
  const { mend } = form;
  return (
    <ul className="f-faults" id={id}>
      {faults.map((fault, index) => (
        <li key={index} className={fault.level === "error" ? "f-error" : "f-warning"}>
          {fault.message}
          {mend && fault.fault
            ? fault.fault.mends.slice(0, MENDS_SHOWN).map((one) => (
                <button key={one.label} type="button" className="f-mend" onClick={() => fault.fault && mend(fault.fault, one.label)}>
                  {one.label}
                </button>
              ))
            : null}
        </li>
      ))}
    </ul>
  );
}
