import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TEST_BROWSER } from './browser-for-tests.ts';
import { browserCapabilities, probeBrowser } from './probe.ts';

describe('probeBrowser', () => {
  test('proves a browser by starting it, and remembers the proof', async () => {
    const probe = await probeBrowser(TEST_BROWSER);
    expect(probe).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+\./) as string });
    expect(probe.sandbox || probe.why?.includes('without its sandbox')).toBe(true);
    const major = probe.version?.split('.')[0];
    expect(browserCapabilities(probe)).toEqual(['browser.chromium', `browser.chromium=${major}`]);
    expect(await probeBrowser(TEST_BROWSER)).toBe(probe);
  });

  test('says why there is none, claims nothing, and looks again later', async () => {
    const home = await mkdtemp(join(tmpdir(), 'casare-probe-'));
    const probe = await probeBrowser({ ...TEST_BROWSER, home, env: { CASARE_BROWSER: '/nowhere' } });
    expect(probe).toMatchObject({ ok: false, why: expect.stringContaining('CASARE_BROWSER') as string });
    expect(browserCapabilities(probe)).toEqual([]);
    expect((await probeBrowser({ ...TEST_BROWSER, home, env: { CASARE_BROWSER: '/bin/false' } })).why).toContain(
      'No browser starts here',
    );
    await rm(home, { recursive: true, force: true });
  });
});
