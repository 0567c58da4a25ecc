import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createRef } from "react";
import { describe, expect, it } from "vitest";
import { PickList } from "./PickList";

const PICKS = [
  { value: "loyalty.plan_name", label: "plan name", group: "Fetched" },
  { value: "customer.tier_name", label: "name of the tier", group: "Customer" },
  { value: "customer.name", label: "customer name", group: "Customer" },
  { value: "contact.name", label: "name of the sender", group: "This contact" },
];

describe("the list below a button", () => {
  it("shows first what is called exactly so, and Enter takes it", async () => {
    let chosen = "";
    render(<PickList anchor={createRef()} title="Variable" picks={PICKS} choose={(value) => (chosen = value)} close={() => {}} />);
    await userEvent.type(screen.getByRole("combobox"), "name");
    expect(screen.getAllByRole("option").map((one) => one.textContent)).toEqual(["customer name", "name of the tier", "name of the sender", "plan name"]);
    await userEvent.type(screen.getByRole("combobox"), "{Enter}");
    expect(chosen).toBe("customer.name");
  });
});
