/// What broke in one part of the page stays in that part: the rest goes on, and the draft goes on being saved.

import { Component, type ReactNode } from "react";
import { t } from "../t";

interface Props {
  /** What broke, in a manager's words: it begins the sentence. */
  what: string;
  children: ReactNode;
}

export class Boundary extends Component<Props, { problem: string | null }> {
  override state = { problem: null };

  static getDerivedStateFromError(error: unknown) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    const { problem } = this.state;
    if (problem === null) return this.props.children;
    return (
      <div className="fe-alone" role="alert">
        <p>{t("%(what)s broke, and that is our fault. The draft is kept and goes on being saved.", { what: this.props.what })}</p>
        <p className="fe-muted">{problem}</p>
        <button type="button" className="fe-button is-primary" onClick={() => this.setState({ problem: null })}>
          {t("Show it again")}
        </button>
        <button type="button" className="fe-button" onClick={() => window.location.reload()}>
          {t("Load the page again")}
        </button>
      </div>
    );
  }
}
