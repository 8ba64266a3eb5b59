/**
 * Builds the viewer of run records into one page that needs nothing else: script and style are inside, and its own
 * policy allows exactly these two by their hashes, and no connection but to whoever serves it.
 */
import react from '@vitejs/plugin-react';
import { createHash } from 'node:crypto';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

export default defineConfig({
  plugins: [react(), onePage()],
  resolve: { conditions: ['source', ...defaultClientConditions] },
  publicDir: false,
  build: {
    outDir: '../../shared/dist',
    emptyOutDir: false,
    modulePreload: false,
    rolldownOptions: { input: 'viewer.html' },
  },
});

function onePage(): Plugin {
  return {
    name: 'one-page',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = bundle['viewer.html'];
      const [script, ...others] = Object.values(bundle).filter((file) => file.type === 'chunk');
      const [style] = Object.values(bundle).filter((file) => file.type === 'asset' && file.fileName.endsWith('.css'));
      if (page?.type !== 'asset' || script === undefined || style?.type !== 'asset' || others.length > 0) {
        throw new Error('the viewer must be one script, one style and one page');
      }
      const code = script.code.trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
      const css = String(style.source).trim();
      const policy = [
        "default-src 'none'",
        `script-src '${hashOf(code)}'`,
        `style-src '${hashOf(css)}'`,
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; ');
      const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
      const html = String(page.source)
        .replace(/<script type="module"[^>]*><\/script>/, '')
        .replace(/<link rel="stylesheet"[^>]*>/, '')
        .replace('<meta charset="utf-8" />', (found) => `${found}\n    ${meta}`)
        // Functions: what is put in may hold what `replace` gives a meaning.
        .replace('</head>', () => `<style>${css}</style>\n<script type="module">${code}</script>\n  </head>`);
      page.source = html;
      for (const { fileName } of [script, style]) Reflect.deleteProperty(bundle, fileName);
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
