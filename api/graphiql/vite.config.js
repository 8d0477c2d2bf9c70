import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses, so that the page also works behind a proxy's prefix: /graphql asks for graphql/assets/….
  base: "./",
  build: {
    assetsDir: "graphql/assets",
    chunkSizeWarningLimit: 10_000,
    license: { fileName: "licenses.md" },
  },
  worker: { format: "es" },
});
