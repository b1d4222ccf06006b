import { defineConfig } from "vite";

// Where `make run` serves Foyer and the API.
const foyer = process.env.FOYER ?? "http://localhost:3000";

export default defineConfig({
  base: "/vite/", // the ApiMappingKey of template.yaml
  build: { outDir: "page/dist" }, // in the folder of the function that serves it
  server: {
    port: 5173,
    strictPort: true, // Foyer knows this address
    // Vite serves the app's own files. Everything else is Foyer's (/login, /callback, /me …) or the API's.
    proxy: { "^/(?!vite/)|^/vite/api/": foyer },
  },
});
