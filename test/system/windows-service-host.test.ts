/**
 * The service host as a service of Windows, by Wine: what it does for a real node.exe, and to it. Wine keeps no Event Log;
 * it says on its channel `eventlog` what was reported, and the texts are those of agent.log, from the same message table.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { FINAL_EXITS } from '../../edge-agent/src/service/exit-codes.ts';
import { buildHost } from '../../installer/windows/host/build.ts';
import { ROOT } from '../support/program.ts';
import { runs as isAlive } from '../support/process-tree.ts';
import { placeWindowsNode } from '../support/windows-node.ts';
import { createService, type ChildMode, type WindowsService } from '../support/windows-service.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const SCRIPT = 'casare-agent.mjs';
/** Pauses that a test can wait for, and no crash loop in its way. */
const QUICK = ['--first-pause-ms', '400', '--most-pause-ms', '2000', '--loop-exits', '30'];

describe.skipIf(reason !== null)(skipName('the service host, by Wine', reason), () => {
  let wine: Wine;
  let program: string;
  let service: WindowsService;

  beforeAll(async () => {
    wine = await startWine({ debug: 'trace+eventlog,warn+eventlog,err+eventlog' });
    program = path.join(wine.folder, 'program');
    await placeWindowsNode(program);
    await buildHost(ROOT, program, '1.2.3');
  }, 400_000);
  afterAll(() => wine.stop());
  afterEach(() => service.remove());

  async function started(mode: ChildMode, ...options: string[]): Promise<void> {
    service = await createService(wine, program, mode, options);
    await service.start();
    await service.reaches('RUNNING');
  }

  const inHome = (name: string): string => path.join(service.home, name);
  const exists = (name: string) => () => existsSync(inHome(name));

  test('starts the agent with the paths of this installation', async () => {
    await started('serves');
    await expect.poll(() => service.runs()).toHaveLength(1);
    const [first] = await service.runs();
    const home = wine.path(service.home);
    expect(first).toMatchObject({
      arguments: [
        ...['run', '--home', home, '--config', String.raw`${home}\agent.yaml`],
        ...['--stop-on-stdin-end', '--log-to-stdout'],
      ],
      folder: wine.path(service.folder),
    });
    await expect.poll(() => service.log()).toContain(`The agent has started: process ${first!.pid}.`);
    await expect.poll(() => wine.said()).toContain(`trace:eventlog:ReportEventW L"${first!.pid}"`);
  });

  test('an agent that is killed is started again, a little later each time', async () => {
    await started('serves', ...QUICK);
    for (const [times, least, most] of [
      [1, 200, 400],
      [2, 400, 800],
    ] as const) {
      await expect.poll(() => service.runs()).toHaveLength(times);
      const [pid] = service.pids(SCRIPT);
      process.kill(pid!, 'SIGKILL');
      await expect.poll(() => service.runs()).toHaveLength(times + 1);
      const pauses = [...(await service.log()).matchAll(/It is started again in (\d+) ms/g)].map(([, ms]) =>
        Number(ms),
      );
      expect(pauses).toHaveLength(times);
      expect(pauses.at(-1)).toBeGreaterThanOrEqual(least);
      expect(pauses.at(-1)).toBeLessThanOrEqual(most);
    }
    const pids = (await service.runs()).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(3);
    expect((await service.state()).state).toBe('RUNNING');
    expect(wine.said()).toContain('warn:eventlog:ReportEventW');
  });

  test('asked to stop, the agent finishes its work within the grace, and Windows sees that it goes on', async () => {
    await started('serves', '--grace-ms', '120000');
    await expect.poll(() => service.runs()).toHaveLength(1);
    await service.stop();
    await expect.poll(exists('ending')).toBe(true);
    const { state, checkpoint } = await service.state();
    expect(state).toBe('STOP_PENDING');
    await expect.poll(async () => (await service.state()).checkpoint).toBeGreaterThan(checkpoint);
    expect(exists('ended')()).toBe(false);
    await writeFile(inHome('may-end'), '');
    await service.reaches('STOPPED');
    expect(exists('ended')()).toBe(true);
    expect(await service.log()).toContain('The agent was stopped, and ended in time with exit code 0.');
  });

  test('an agent that does not listen is killed after the grace, with what it has started', async () => {
    await started('ignores', '--grace-ms', '1500');
    await expect.poll(exists('grandchild')).toBe(true);
    const pids = service.pids('node.exe');
    expect(pids).toHaveLength(2);
    await service.stop();
    await service.reaches('STOPPED');
    await expect.poll(() => pids.filter((pid) => isAlive(pid))).toEqual([]);
    expect(await service.log()).toContain('did not end within 1500 ms of the request to stop. It was killed');
  });

  test('what the agent has started ends with it, and with the host', async () => {
    await started('ignores', ...QUICK);
    await expect.poll(exists('grandchild')).toBe(true);
    const [grandchild] = service.pids('// grandchild');
    await rm(inHome('grandchild'));
    process.kill(service.pids(SCRIPT)[0]!, 'SIGKILL');
    await expect.poll(() => isAlive(grandchild!)).toBe(false);
    await expect.poll(exists('grandchild')).toBe(true);
    const pids = service.pids('node.exe');
    expect(pids).toHaveLength(2);
    process.kill(service.pids('casare-agent-host.exe')[0]!, 'SIGKILL');
    await expect.poll(() => pids.filter((pid) => isAlive(pid))).toEqual([]);
  });

  test('a crash loop is found and told, and tried again at a slower pace', async () => {
    await started(
      'fails 9',
      '--first-pause-ms',
      '100',
      '--most-pause-ms',
      '200',
      '--loop-exits',
      '3',
      '--slow-pause-ms',
      '3000',
    );
    await expect.poll(() => service.log()).toContain('The agent ended 3 times within 600000 ms');
    const log = await service.log();
    expect(log).toContain('what went wrong, at last');
    expect(log).toContain('the last time with exit code 9: it is in a crash loop. It is tried again every 3000 ms.');
    expect(log.match(/It is started again in/g)).toHaveLength(2);
    await expect
      .poll(() => wine.said())
      .toMatch(/err:eventlog:ReportEventW L"3"\r?\n.*L"600000"\r?\n.*L"9"\r?\n.*L"3000"/);
    expect((await service.state()).state).toBe('RUNNING');
    await service.behaves('serves');
    await expect.poll(() => service.pids(SCRIPT)).toHaveLength(1);
    await expect.poll(() => service.runs()).toHaveLength(4);
  });

  test.each(FINAL_EXITS)('an agent that ends with %i, as one that cannot run so, is not hammered', async (code) => {
    await started(`fails ${code}`, '--first-pause-ms', '100', '--slow-pause-ms', '3600000');
    await expect.poll(() => service.log()).toContain(`The agent refused to run with exit code ${code}`);
    await expect.poll(() => wine.said()).toMatch(new RegExp(`err:eventlog:ReportEventW L"${code}"\\r?\\n.*L"3600000"`));
    expect((await service.state()).state).toBe('RUNNING');
    expect(await service.runs()).toHaveLength(1);
    // And it stops at once, from the middle of its pause.
    await service.stop();
    await service.reaches('STOPPED');
  });

  test('a program that is not there is told, and tried again', async () => {
    // Not the pace of a crash loop, at which it is tried again in minutes.
    service = await createService(wine, program, 'serves', QUICK);
    await rm(path.join(service.folder, 'node.exe'));
    await service.start();
    await expect.poll(() => service.log()).toContain('could not be started from');
    expect(await service.log()).toContain('Windows error 2.');
    await placeWindowsNode(service.folder);
    await expect.poll(() => service.runs()).not.toHaveLength(0);
  });

  test('the log is rotated by size and count, and loses nothing between two files', async () => {
    await started('talks', '--log-bytes', '4096', '--log-files', '2');
    await expect.poll(exists('said')).toBe(true);
    await expect.poll(() => service.log()).toContain('line 399 of Größe Ж');
    const files = await Promise.all([service.log(2), service.log(1), service.log()]);
    for (const file of files) expect(Buffer.byteLength(file)).toBeLessThanOrEqual(4_096);
    expect(existsSync(path.join(service.home, 'logs', 'agent.3.log'))).toBe(false);
    const numbers = [...files.join('').matchAll(/^line (\d+) of Größe Ж\r?$/gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(200);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 400 - numbers.length + index));
  });

  test('settings that are wrong stop it with a reason', async () => {
    service = await createService(wine, program, 'serves', ['--grace-ms', '5']);
    await service.start().catch(() => undefined);
    await service.reaches('STOPPED');
    expect((await service.state()).exitCode).toBe(87);
    expect(await service.log()).toContain('--grace-ms takes a number from 1000 to 3600000, not 5');
  });

  test('at a prompt it says what it does not understand', async () => {
    service = await createService(wine, program, 'serves', []);
    const host = `${wine.path(service.folder)}\\casare-agent-host.exe`;
    const wrong = await wine.run(host, ['--console', '--home', 'relative']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('HOST_USAGE: --home takes the full path of a folder, not relative');
    const nobody = await wine.run(host);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('HOST_NOT_A_SERVICE');
  });

  test('at a prompt it shows what the agent says, and hands on nothing that others have set for Node', async () => {
    service = await createService(wine, program, 'talks', []);
    const host = `${wine.path(service.folder)}\\casare-agent-host.exe`;
    const env = { NODE_OPTIONS: '--require=evil.js' };
    const shown = wine.start(host, ['--console', '--home', wine.path(service.home)], { env });
    await expect.poll(() => shown.stderr()).toContain('line 399 of Größe Ж');
    expect(await service.runs()).toMatchObject([{ nodeOptions: null }]);
    await shown.kill();
  });

  test('two builds are the same bytes, with the protections of Windows asked for', async () => {
    service = await createService(wine, program, 'serves', []);
    const again = await readFile(await buildHost(ROOT, path.join(wine.folder, 'again'), '1.2.3'));
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(again)).toBe(digest(await readFile(path.join(program, 'casare-agent-host.exe'))));
    // HIGH_ENTROPY_VA, DYNAMIC_BASE and NX_COMPAT, in the optional header.
    expect(again.readUInt16LE(again.readUInt32LE(0x3c) + 24 + 70) & 0x160).toBe(0x160);
    expect(again.includes(Buffer.from('1.2.3', 'utf16le'))).toBe(true);
  });
});
