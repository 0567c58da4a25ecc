/// One script and one style sheet with fixed names: Django's static files give them their address.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  define: { "process.env.NODE_ENV": JSON.stringify(process.env.VITEST ? "test" : "production") },
  build: {
    outDir: "../static/routing/editor",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: "src/main.tsx",
      output: {
        format: "iife",
        inlineDynamicImports: true,
        entryFileNames: "editor.js",
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".css")) ? "editor.css" : "[name][extname]"),
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing.ts"],
  },
});
