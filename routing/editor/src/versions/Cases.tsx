/// What the test cases of the flow say of a definition, before it goes live.

import { type ReactNode, useEffect, useState } from "react";
import { Refused } from "../api/client";
import type { Definition } from "../api/types";
import { Icon } from "../shell/Icon";
import { t, tn } from "../t";
import { type CaseResult, runCases } from "./api";

export type Tried =
  | { state: "trying" }
  | { state: "tried"; results: CaseResult[]; differ: CaseResult[] }
  /** It has errors, and cannot be tried. */
  | { state: "faulty" }
  | { state: "failed"; problem: string };

const SETTLES_MS = 300;

/** Runs them all, and again when the definition changes. Null: there is nothing to run them with yet. */
export function useCases(definition: Definition | null): Tried {
  const [found, setFound] = useState<{ of: Definition; tried: Tried } | null>(null);
  useEffect(() => {
    const setTried = (tried: Tried) => setFound(definition && { of: definition, tried });
    if (!definition) return;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      runCases(definition, leaving.signal).then(
        (results) => setTried({ state: "tried", results, differ: results.filter((one) => one.state !== "passes") }),
        (error: unknown) => {
          if (leaving.signal.aborted) return;
          if (error instanceof Refused && error.status === 422) setTried({ state: "faulty" });
          else setTried({ state: "failed", problem: error instanceof Error && error.message ? error.message : t("The server does not answer.") });
        },
      );
    }, SETTLES_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [definition]);
  // What was found of another definition says nothing of this one.
  return found && found.of === definition ? found.tried : { state: "trying" };
}

/** `none` is said where the flow has no test cases. */
export function CasesTried({ tried, none }: { tried: Tried; none?: ReactNode }) {
  switch (tried.state) {
    case "trying":
      return (
        <p className="d-verdict is-waiting" role="status">
          <Icon name="hourglass_top" />
          <span>{t("Trying the test cases…")}</span>
        </p>
      );
    case "faulty":
      return <p className="fe-muted">{t("They cannot be tried while there are errors.")}</p>;
    case "failed":
      return (
        <p role="alert" className="fe-problem">
          {t("The test cases could not be tried: %(problem)s", { problem: tried.problem })}
        </p>
      );
    case "tried":
      if (!tried.results.length) return <>{none ?? <p className="fe-muted">{t("This flow has no test cases.")}</p>}</>;
      if (tried.differ.length) return <Cases cases={tried.differ} of={tried.results.length} />;
      return (
        <p className="d-verdict is-good" role="status">
          <Icon name="check_circle" />
          <span>{tn("Its test case passes.", "All %(count)s test cases pass.", tried.results.length)}</span>
        </p>
      );
  }
}

export function Cases({ cases, of }: { cases: CaseResult[]; of?: number }) {
  return (
    <section role="alert" className="d-stack">
      <p className="d-verdict is-warn">
        <Icon name="rule" />
        <span>
          {of !== undefined && of > 1
            ? t("%(count)s of %(of)s test cases come out differently", { count: cases.length, of })
            : tn("%(count)s test case comes out differently", "%(count)s test cases come out differently", cases.length)}
        </span>
      </p>
      <ul className="d-faults">
        {cases.map((one) => (
          <li key={one.id} className="d-fault is-warning">
            <b>{one.name}</b>
            {one.sentences.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
