/// Test cases that would come out otherwise, before something goes live.

import { Icon } from "../shell/Icon";
import { tn } from "../t";
import type { CaseResult } from "./api";

export function Cases({ cases }: { cases: CaseResult[] }) {
  return (
    <section role="alert" className="d-stack">
      <p className="d-verdict is-warn">
        <Icon name="rule" />
        <span>{tn("%(count)s test case comes out differently", "%(count)s test cases come out differently", cases.length)}</span>
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
