/** Probes that are the same on every system. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeBrowser } from '../browser/index.ts';
import { type CheckName, runChecks } from '../doctor/index.ts';
import { ask, failed, type Outcome, passed, type Probe, type Scene, skipped } from './probe.ts';

export const COMMON_PROBES = {
  'browser.start': async ({ home, environment, platform }) => {
    const probe = await probeBrowser({ home: home.root, env: environment, platform });
    if (!probe.ok) return failed(probe.why ?? 'no browser starts');
    return passed(`Chromium ${probe.version}, ${probe.sandbox ? 'in its sandbox' : 'without its sandbox'}`);
  },
  'pipes.named': async ({ platform }) => {
    const name = `casare-selftest-${randomUUID()}`;
    const path = platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
    const server = createServer((socket) => socket.pipe(socket));
    await once(server.listen(path), 'listening');
    try {
      const socket = connect(path);
      socket.write('there and back');
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return bytes.toString() === 'there and back' ? passed('there and back') : failed('other bytes came back');
    } finally {
      server.close();
      if (platform !== 'win32') rmSync(path, { force: true });
    }
  },
  'path.command': async ({ platform }) => {
    const [program, ...args] =
      platform === 'win32' ? ['where.exe', 'casare-agent'] : ['sh', '-c', 'command -v casare-agent'];
    const answer = await ask(program, ...args);
    return answer === null || answer.trim() === '' ? failed('it is not on PATH') : passed('it is on PATH');
  },
  'home.private': (scene) => byDoctor(scene, ['agent home']),
  'disk.flush': (scene) => byDoctor(scene, ['disk', 'data folder']),
} as const satisfies Readonly<Record<string, Probe>>;

/** What doctor finds is found by doctor. Room is its matter alone. */
async function byDoctor({ home, environment }: Scene, names: CheckName[]): Promise<Outcome> {
  if (statSync(home.root, { throwIfNoEntry: false }) === undefined) return skipped('there is no home');
  const checks = await runChecks({ home, environment, now: Date.now, only: new Set(names) });
  const wrong = checks.filter(({ code }) => code !== null && code !== 'DISK_LOW');
  return wrong.length === 0 ? passed('as it must be') : failed(wrong.map(({ code }) => code).join(', '));
}
