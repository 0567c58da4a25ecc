/// What jsdom lacks and the canvas wants.

import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(cleanup);

class NothingObserved implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

if (!("ResizeObserver" in window)) Object.assign(window, { ResizeObserver: NothingObserved });
// jsdom has the name, but nothing behind it.
if (typeof window.matchMedia !== "function") {
  const matchMedia = (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  Object.assign(window, { matchMedia });
}

// jsdom knows the element, and not how to open it.
if (!("showModal" in HTMLDialogElement.prototype)) {
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
    },
  });
}

// jsdom has no layout to scroll. Browsers of 2026 answer with a promise, so an effect that hands it on breaks the page.
Object.assign(Element.prototype, { scrollIntoView: () => Promise.resolve() });
