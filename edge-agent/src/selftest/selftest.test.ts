/**
 * `selftest` as an administrator runs it: real probes of this Linux, desktop points with a real editor. Windows probes
 * cannot run here; what Windows' tools answer is read from texts that we wrote as those tools write them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SelftestReport } from '@casare/shared/selftest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { desktopPrograms, skipName } from '../desktop/desktop-for-tests.ts';
import { sessionIn } from '../desktop/index.ts';
import { writeEnrolledHome } from '../doctor/home-for-tests.ts';
import { agentHome } from '../identity/index.ts';
import { createTestPki } from '../identity/pki-for-tests.ts';
import { anonymous } from './anonymous.decision.ts';
import { POINT_IDS, POINTS, runSelftest } from './index.ts';
import { mayBecomeAdministrator, serviceFacts } from './windows-answers.decision.ts';

const MAIN = new URL('../cli/main.ts', import.meta.url).pathname;
const SLOW = 120_000;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-selftest-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function selftest(...args: string[]) {
  const flags = ['--conditions=source', '--no-warnings', MAIN, 'selftest', '--home', join(folder, 'agent'), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

describe('the report', () => {
  test(
    'is written as one document, and read back as the same table; a failed point is exit 1',
    async () => {
      writeEnrolledHome(join(folder, 'agent'), await createTestPki(), { tunnelUrl: 'wss://127.0.0.1:1/' });
      const file = join(folder, 'report.json');
      const only = ['--only', 'pipes.named,home.private,service.account'];
      const ran = selftest(...only, '--out', file);
      expect(ran, ran.err).toMatchObject({ status: 0, err: '' });
      expect(ran.out).toMatch(/^pipes\.named +passed +there and back$/m);
      expect(ran.out).toMatch(/^service\.account +skipped +tried on windows only$/m);
      expect(ran.out).toMatch(/\n2 passed, 0 failed, 1 skipped\n$/);
      const report = SelftestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
      expect(report.points.map(({ id }) => id).sort()).toEqual(['home.private', 'pipes.named', 'service.account']);
      expect(selftest('--read', file).out).toBe(ran.out);
      report.points[0]!.result = 'failed';
      writeFileSync(file, JSON.stringify(report));
      expect(selftest('--read', file).status).toBe(1);
    },
    SLOW,
  );

  test('what is no report, and a point that is none, are said in one line', () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, '{"kind":"casare.selftest","version":2}');
    expect(selftest('--read', file)).toMatchObject({
      ...{ status: 1, out: '' },
      err: expect.stringMatching(/^SELFTEST_UNREADABLE: [^\n]+\n$/) as string,
    });
    expect(selftest('--only', 'weather')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^USAGE: --only knows no point "weather"/) as string,
    });
  });

  test('names neither the machine, nor the account, nor its folders', async () => {
    const home = agentHome(join(folder, hostname(), 'agent'), {});
    const scene = { home, environment: { PATH: '' }, platform: process.platform, disruptive: false, lock: false };
    const only = new Set(['browser.start', 'home.private', 'desktop.start']);
    const { points } = await runSelftest({ ...scene, now: Date.now, only });
    expect(points).toHaveLength(3);
    const names = { 'C:\\Users\\miller': '<folder>', PRESS3: '<machine>', miller: '<user>', ab: '<short>' };
    const text = String.raw`PRESS3\Miller opened C:\Users\miller\x, C:\Users\smith\y and /home/jones/z about it`;
    expect(anonymous(text, names)).toBe(
      String.raw`<machine>\<user> opened <folder>\x, C:\Users\<user>\y and /home/<user>/z about it`,
    );
    expect(JSON.stringify(points)).not.toContain(hostname());
  });
});

const missing = await desktopPrograms('mousepad');
test.skipIf(missing !== null)(
  skipName('desktop points: a real editor is found, written into by pattern and by keyboard, and read back', missing),
  async () => {
    const home = agentHome(join(folder, 'agent'), {});
    const environment = { ...process.env, CASARE_DESKTOP: 'virtual' };
    const only = new Set(POINT_IDS.filter((id) => id.startsWith('desktop.')));
    const scene = { home, environment, platform: process.platform, disruptive: false, lock: false };
    const { points } = await runSelftest({ ...scene, now: Date.now, only });
    expect(points.map(({ id, result, reason }) => [id, result === 'passed' ? result : `${result}: ${reason}`])).toEqual(
      [...only].map((id) => [id, 'passed']),
    );
  },
  SLOW,
);

test('a machine without an editor, or without a display, skips or fails with the reason', async () => {
  const scene = { home: agentHome(folder, {}), platform: process.platform, disruptive: false, lock: false };
  const only = new Set(['desktop.find', 'desktop.text']);
  const { points } = await runSelftest({ ...scene, environment: { PATH: '' }, now: Date.now, only });
  expect(points.map(({ result, reason }) => `${result}: ${reason}`)).toEqual(
    Array.from({ length: 2 }, () => 'skipped: no editor that is known is installed'),
  );
});

describe("answers of Windows' tools", () => {
  test('sc qc and sc queryex', () => {
    const config = `[SC] QueryServiceConfig SUCCESS\r\n\r\nSERVICE_NAME: CasareAgent\r\n        START_TYPE         : 2   AUTO_START\r\n        SERVICE_START_NAME : NT SERVICE\\CasareAgent\r\n`;
    const state = `SERVICE_NAME: CasareAgent\r\n        STATE              : 4  RUNNING\r\n        PID                : 4242\r\n`;
    expect(serviceFacts(config, state)).toEqual({
      ...{ start: '2   AUTO_START', account: 'NT SERVICE\\CasareAgent', state: 'RUNNING', pid: 4242 },
    });
    expect(serviceFacts('', '')).toEqual({ start: '', account: '', state: '', pid: 0 });
  });

  test('tasklist, sc qprivs', () => {
    expect(sessionIn('"node.exe","4242","Services","0","61.234 K"')).toBe(0);
    expect(sessionIn('"node.exe","17","RDP-Tcp#3","2","61.234 K"')).toBe(2);
    expect(sessionIn('INFO: No tasks are running which match the specified criteria.')).toBeNull();
    const answer = 'PRIVILEGES : SeChangeNotifyPrivilege\r\n           : SeDebugPrivilege\r\n';
    expect(mayBecomeAdministrator(answer)).toEqual(['SeDebugPrivilege']);
  });
});

test('each point says what it proves and why it could not be proved by us', () => {
  for (const id of POINT_IDS) {
    expect(POINTS[id].proves.length, id).toBeGreaterThan(15);
    expect(POINTS[id].why.length, id).toBeGreaterThan(15);
  }
});
