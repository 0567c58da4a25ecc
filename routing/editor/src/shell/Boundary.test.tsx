import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { Boundary } from "./Boundary";

let broken = true;

function Part() {
  if (broken) throw new Error("l is not a function");
  return <p>Here again</p>;
}

afterEach(() => vi.restoreAllMocks());

it("keeps what broke to its part, says what, and shows it again when asked", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  broken = true;
  render(
    <>
      <p>The rest</p>
      <Boundary what="This panel">
        <Part />
      </Boundary>
    </>,
  );
  expect(screen.getByText("The rest")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("This panel broke");
  expect(screen.getByRole("alert").textContent).toContain("l is not a function");
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Show it again" }));
  expect(screen.getByText("Here again")).toBeTruthy();
});
