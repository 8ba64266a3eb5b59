/**
 * The worker host on Windows, by Wine: agent and host as they are installed, one pipe between them with a key in a file,
 * the session asked of Windows, a job. Wine has one session and locks no screen: what follows from a lock is tried with
 * doubles beside the sources.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { agentHome } from '../../edge-agent/src/identity/index.ts';
import { createTestPki } from '../../edge-agent/src/identity/pki-for-tests.ts';
import { assignment } from '../../edge-agent/src/outbox/outbox-for-tests.ts';
import { ProtocolPeer } from '../../edge-agent/src/tunnel/protocol-peer-for-tests.ts';
import { AGENT_FILE, makeAgent } from '../../installer/bundle/agent.ts';
import { TARGETS } from '../../installer/bundle/target.ts';
import { ROOT } from '../support/program.ts';
import { startWine, type Wine, type WineProgram, wineOrReason } from '../support/wine.ts';

const reason = await wineOrReason();
const SLOW = { timeout: 180_000, interval: 500 };

describe.skipIf(reason !== null)(skipName('worker host on Windows, by Wine', reason), () => {
  let wine: Wine;
  let peer: ProtocolPeer;
  let installed: string;
  const programs: WineProgram[] = [];
  const output = (): string => programs.map((program) => program.stdout() + program.stderr()).join('\n');

  beforeAll(async () => {
    wine = await startWine();
    installed = path.join(wine.folder, 'Agent');
    await makeAgent({ root: ROOT, target: TARGETS['win-x64'], out: installed, at: new Date('2026-01-01T00:00:00Z') });
    const pki = await createTestPki();
    peer = await ProtocolPeer.start(pki);
    const home = agentHome(path.join(wine.folder, 'home'), {});
    await mkdir(home.root);
    const urls = { enrolUrl: 'https://127.0.0.1:1/', tunnelUrl: peer.url };
    await writeFile(home.credential, pki.agent.privateKeyPem + pki.agent.chainPem);
    await writeFile(home.serverRoots, pki.serverRoot);
    const who = { agentId: pki.agentId, tenant: 'acme', name: 'press 3', declared: [], ...urls };
    await writeFile(home.identity, JSON.stringify(who));
  }, 600_000);
  afterAll(async () => {
    for (const program of programs) await program.kill();
    await peer.stop();
    await wine.stop();
  });

  function start(...args: readonly string[]): WineProgram {
    const node = wine.path(path.join(installed, 'node.exe'));
    const program = wine.start(node, [wine.path(path.join(installed, AGENT_FILE)), ...args], {
      env: { CASARE_BROWSER: 'C:\\none.exe' },
    });
    programs.push(program);
    return program;
  }

  test('agent and host find each other by a key, the session is told, and a job runs in it', async () => {
    const place = path.join(wine.folder, 'workers');
    const socket = wine.path(path.join(place, 'host.sock'));
    start('run', '--home', wine.path(path.join(wine.folder, 'home')), '--worker-socket', socket, '--slots', 'plain=1');
    await vi.waitFor(() => expect(peer.hellos.length, output()).toBeGreaterThan(0), SLOW);
    // Without a host there are no slots.
    expect(peer.hellos[0]?.slots).toEqual({ plain: 0, browser: 0, desktop: 0 });
    const key = JSON.parse(await readFile(path.join(place, 'key.json'), 'utf8')) as { socket: string };
    expect(key.socket).toMatch(/^\\\\\.\\pipe\\casare-workers-[0-9a-f]{32}$/);
    const home = wine.path(path.join(wine.folder, 'worker-home'));
    const host = start('worker-host', '--socket', socket, '--home', home);
    const told = (): readonly string[] => peer.messagesOf('capabilities').at(-1)?.capabilities ?? [];
    await vi.waitFor(() => expect(told(), output()).toContain('session=active'), SLOW);
    expect(told().find((label) => label.startsWith('screen='))).toMatch(/^screen=[1-9]\d*x[1-9]\d*$/);
    expect(told().find((label) => label.startsWith('screen.dpi='))).toMatch(/^screen\.dpi=[1-9]\d*$/);
    await vi.waitFor(() => expect(peer.messagesOf('capabilities').at(-1)?.slots.plain, output()).toBe(1), SLOW);
    const all = [{ work: { call: 'data.text.write', with: { saveAs: 'a.txt', text: 'Größe 42 Ж' } } }];
    const run = assignment({}, all);
    peer.send(run);
    await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type, output()).toBe('run.completed'), SLOW);
    expect([...peer.files.values()].map(({ bytes }) => bytes.toString())).toEqual(['Größe 42 Ж']);
    // A second host in the same session is not wanted.
    const second = start('worker-host', '--socket', socket, '--home', home);
    await vi.waitFor(() => expect(second.stdout(), output()).toContain('WORKER_HOST_REFUSED'), SLOW);
    await second.kill();
    // The host dies, and the slots are gone.
    await host.kill();
    await vi.waitFor(() => expect(peer.messagesOf('capabilities').at(-1)?.slots.plain, output()).toBe(0), SLOW);
  }, 600_000);
});
