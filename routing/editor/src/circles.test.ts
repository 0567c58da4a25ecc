/// No file of the editor needs itself, by whatever way round: what imports in a circle cannot be read, tried or split alone.

import { describe, expect, it } from "vitest";

const files = import.meta.glob<string>("./**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });

/** What a file imports when it runs; types alone are gone by then, but make a circle for whoever reads. */
function importsOf(path: string): string[] {
  const text = files[path] ?? "";
  const here = path.split("/").slice(0, -1);
  return [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].flatMap(([, target = ""]) => {
    const parts = [...here];
    for (const part of target.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== ".") parts.push(part);
    }
    const base = parts.join("/");
    return [base, `${base}.ts`, `${base}.tsx`, `${base}/index.ts`].filter((one) => one in files);
  });
}

function circles(): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (path: string, way: string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) {
      found.add([...way.slice(at), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of importsOf(path)) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of Object.keys(files)) walk(path, []);
  return [...found];
}

describe("the editor's files", () => {
  it("are read, and lead from the page down", () => {
    expect(importsOf("./main.tsx")).toContain("./shell/App.tsx");
  });

  it("import nothing in a circle", () => {
    expect(circles()).toEqual([]);
  });
});
