import { defineConfig } from 'vite';

// `npm run dev` shows the sources; everything that is not a file of the page goes to a gateway: ECO2_URL, or where `./eco2 up` puts it.
const gateway = process.env.ECO2_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  build: {
    target: 'es2022',
    // Not /assets: the gateway has pictures of characters there.
    assetsDir: 'static',
    // The content security policy takes neither inline scripts nor data addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': gateway, '/assets/character': gateway } },
});
