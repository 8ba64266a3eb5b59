import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../desktop/desktop-for-tests.ts';
import { type StartedDesktop, startDesktop, startProgram } from '../desktop/index.ts';
import { main } from './program.ts';

const reason = await desktopPrograms('zenity');

async function inspect(environment: NodeJS.ProcessEnv, ...args: string[]) {
  let [out, err] = ['', ''];
  const code = await main(['inspect', ...args], {
    environment,
    print: (text) => (out += text),
    complain: (text) => (err += text),
    input: async () => '',
    stopped: () => new Promise(() => undefined),
    terminal: { live: false, colour: false },
  });
  return { code, out, err };
}

describe.skipIf(reason !== null)(skipName('inspect on a desktop', reason), () => {
  let desktop: StartedDesktop;
  beforeAll(async () => {
    desktop = await startDesktop({ env: process.env });
    const args = ['--question', '--title', 'Sure', '--text', 'Delete it?'];
    await startProgram('/usr/bin/zenity', args, { env: desktop.env });
    while ((await desktop.driver.elements.windows()).length === 0)
      await desktop.driver.screen.capture({ x: 0, y: 0, width: 1, height: 1 });
    // The library reads the cookie of a display from the file that this names.
    process.env['XAUTHORITY'] = desktop.env['XAUTHORITY'];
  });
  afterAll(async () => {
    delete process.env['XAUTHORITY'];
    await desktop.close();
  });

  test('prints the windows of a display with ready selectors', async () => {
    const { code, out } = await inspect(desktop.env, '--window', 'Sure');
    expect(code).toBe(0);
    expect(out).toMatch(/^Sure {2}\/usr\/bin\/zenity\nwindow "Sure" {2}\(/);
    expect(out).toContain('button "Yes"');
    const json = await inspect(desktop.env, '--display', desktop.env['DISPLAY']!, '--output', 'json');
    const { windows } = JSON.parse(json.out) as { windows: { elements: { selector: string }[] }[] };
    expect(windows[0]?.elements.map(({ selector }) => selector)).toEqual(expect.arrayContaining(['button "No"']));
    expect((await inspect(desktop.env, '--window', 'Other')).out).toBe('no window is open there that matches\n');
  });

  test('says what to do without a display, and that a page is no desktop', async () => {
    const none = await inspect({}, '--window', 'Sure');
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toMatch(/^DESKTOP_NO_DISPLAY: .*--display.*\n$/);
    expect(await inspect({}, '--url', 'http://a.example', '--window', 'x')).toMatchObject({ code: 2 });
  });
});
