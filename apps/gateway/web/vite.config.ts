import { defineConfig } from 'vite';

/** Everything comes from this server and nothing is inline, so that the page lives under a strict policy. */
export default defineConfig({
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
