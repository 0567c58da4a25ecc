import { ReactFlowProvider } from "@xyflow/react";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { analysisOf, documentOf, flow, step } from "../state/flows.testing";
import { useEditor } from "../state/store";
import { ConnectDialog } from "./ConnectDialog";

const branch = () => useEditor.getState().definition.steps.find((one) => one.id === "branch");

function ask(exit?: string) {
  render(
    <ReactFlowProvider>
      <ConnectDialog ask={{ kind: "connect", source: "branch", exit }} />
    </ReactFlowProvider>,
  );
}

describe("connecting by keys", () => {
  beforeEach(() => {
    useEditor.getState().open(documentOf(flow([step("branch", { gold: "vip" }, {}, "branch"), step("vip", {}, {}, "queue"), step("standard", {}, {}, "queue")])));
    useEditor.getState().setAnalysis(analysisOf(useEditor.getState().definition, { branch: ["gold", "otherwise"] }));
  });

  it("asks for the exit, then for the step", async () => {
    ask();
    await userEvent.type(screen.getByRole("combobox"), "gold{Enter}");
    await userEvent.type(screen.getByRole("combobox"), "standard{Enter}");
    expect(branch()?.exits).toEqual({ gold: "standard" });
  });

  it("takes the exit that is free where only the step is said", async () => {
    ask();
    await userEvent.type(screen.getByRole("combobox"), "standard{Enter}");
    expect(branch()?.exits).toEqual({ gold: "vip", otherwise: "standard" });
  });

  it("shows no more than the exits to whoever says nothing", () => {
    ask();
    expect(screen.getAllByRole("option")).toHaveLength(2);
  });
});
