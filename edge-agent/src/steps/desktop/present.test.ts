/** Desktop steps on a display that others use too: a run sees only what it opened or attached to. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import { type StartedDesktop, startDesktop, startProgram } from '../../desktop/index.ts';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { failureOf, newRun, type TestRun } from '../browser/run-for-tests.ts';
import { createStepRegistry } from '../index.ts';

const reason = await desktopPrograms('zenity');

describe.skipIf(reason !== null)(skipName('a present display', reason), () => {
  let desktop: StartedDesktop;
  let run: TestRun;
  beforeAll(async () => {
    desktop = await startDesktop({ env: process.env });
    for (const title of ['Theirs', 'Ours']) {
      await startProgram('/usr/bin/zenity', ['--info', '--title', title, '--text', title], { env: desktop.env });
    }
    // The library reads the cookie of a display from the file that this names.
    process.env['XAUTHORITY'] = desktop.env['XAUTHORITY'];
  });
  afterAll(async () => {
    delete process.env['XAUTHORITY'];
    await desktop.close();
  });
  beforeEach(async () => {
    const env = { ...desktop.env, CASARE_DESKTOP: 'display' };
    run = await newRun(createStepRegistry({ home: '/nonexistent', env, platform: process.platform }));
  });
  afterEach(() => run.end());

  test('a window that was attached to can be used, others cannot be seen', async () => {
    expect(await run.call('desktop.attach', { window: 'window "Ours"' })).toMatchObject({ window: 'Ours' });
    expect(await run.call('desktop.windows', {})).toMatchObject([{ title: 'Ours' }]);
    expect(await run.call('desktop.exists', { target: 'window "Theirs"' })).toBe(false);
    const failure = await failureOf(
      run.call('desktop.click', { target: 'window "Theirs" >> button "OK"' }, { timeoutMs: 3_000 }),
    );
    expect(failure).toMatchObject({ code: 'SELECTOR_NO_MATCH', certain: true });
    expect(failure.detail).toContain('windows: "Ours"');
    expect(failure.detail).not.toContain('windows: "Theirs"');
    // The end of the run leaves the display and what is on it.
    await run.call('desktop.close', {});
    expect((await desktop.driver.elements.windows()).map(({ title }) => title).sort()).toEqual(['Ours', 'Theirs']);
  });

  test('what the run opens it sees, and the policy is asked before it attaches', async () => {
    // By a launcher, as many programs start.
    const args = ['-c', 'zenity --info --title Opened --text x; true'];
    const app = { app: 'sh', args, window: 'window "Opened"' };
    expect(await run.call('desktop.open', app)).toMatchObject({ window: 'Opened' });
    expect(await run.call('desktop.windows', {})).toMatchObject([{ title: 'Opened' }]);
    const policy: StepPolicy = {
      ...unrestricted,
      checkApplication: (program) =>
        Promise.reject(
          new StepFailure({ type: 'authorization', code: 'POLICY_APPLICATION_REFUSED', title: program, certain: true }),
        ),
    };
    const refused = failureOf(run.call('desktop.attach', { window: 'window "Theirs"' }, { policy }));
    expect(await refused).toMatchObject({ code: 'POLICY_APPLICATION_REFUSED', title: '/usr/bin/zenity' });
    expect(await run.call('desktop.windows', {})).toHaveLength(1);
    // The control: with a policy that lets it.
    await run.call('desktop.attach', { window: 'window "Theirs"' });
    expect(await run.call('desktop.windows', {})).toHaveLength(2);
    await run.call('desktop.close', { window: 'window "Opened"' });
  });
});
