/** What Debian's own judge says of our packages: no errors, and overrides that say why. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtDeb } from '../support/built-debs.ts';
import { debianLayer } from '../support/debian-layer.ts';
import { CLEAN, debianRoot, enterDebian, type Guest, whyNoRoot } from '../support/debian-root.ts';

const BUILD_MS = 15 * 60_000;
const reason = await whyNoRoot('lintian');
if (reason !== null) console.log(`skipped: ${reason}`);

let debian: Guest;
const held = new AsyncDisposableStack();

beforeAll(async () => {
  if (reason !== null) return;
  const folder = mkdtempSync(path.join(tmpdir(), 'casare-lintian-'));
  held.defer(() => rmSync(folder, { recursive: true, force: true }));
  const layer = await debianLayer('bookworm-lintian', await debianRoot('bookworm', CLEAN), ['lintian']);
  debian = await enterDebian('bookworm', CLEAN, folder, [layer]);
  held.defer(() => debian.end());
}, BUILD_MS);
afterAll(() => held.disposeAsync());

describe.skipIf(reason !== null)('lintian', { timeout: BUILD_MS }, () => {
  test.for(['casare-agent', 'casare-control-plane'] as const)('has no error to tell of %s', async (what) => {
    const file = await debian.bring(await builtDeb(what));
    const command = `lintian --allow-root --fail-on error --tag-display-limit 0 ${file} 2>&1`;
    const { code, out } = await debian.sh(command, BUILD_MS);
    expect(out.split('\n').filter((line) => /^[EX]: /.test(line))).toEqual([]);
    expect(code, out).toBe(0);
    // An override of what is no longer so hides what may come.
    expect(out).not.toContain('unused-override');
    expect(out).not.toContain('mismatched-override');
  });
});
