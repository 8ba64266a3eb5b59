/**
 * The agent on Windows, as it is packed, under Wine: set up as an installer does, enrolled at a control plane on Linux,
 * with work of its own; and what Windows is asked to hold: keys, access, names of files, trees of processes.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api } from '@casare/shared/client';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { SESSION_TASK } from '../../edge-agent/src/setup/session-task.ts';
import { buildHost } from '../../installer/windows/host/build.ts';
import { Gate } from '../support/gate.ts';
import { expectDone, openShop, submitWork } from '../support/packed-work.ts';
import { ROOT } from '../support/program.ts';
import { startStack, type Stack, until } from '../support/stack.ts';
import { onDrive, textOnDrive, windowsAgent, type WindowsAgent } from '../support/windows-agent.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const HOME = String.raw`C:\ProgramData\Casare\Agent`;
const CONFIG = ['--home', HOME, '--config', String.raw`${HOME}\agent.yaml`];
const inHome = (...parts: string[]): string[] => ['ProgramData', 'Casare', 'Agent', ...parts];

describe.skipIf(reason !== null)(skipName('the agent on Windows, by Wine', reason), () => {
  let wine: Wine;
  let agent: WindowsAgent;
  beforeAll(async () => {
    wine = await startWine();
    agent = await windowsAgent(wine);
  }, 300_000);
  afterAll(() => wine.stop());

  describe('with a control plane on Linux', () => {
    let stack: Stack;
    beforeAll(async () => {
      stack = await startStack(new Gate(0));
    }, 300_000);
    afterAll(() => stack.stop());

    test('set up, enrolled, at work, looked at, killed, and taken away for good', async () => {
      const { client, enrolUrl } = stack;
      const made = await client.call(api.joinTokens.create, { body: { autoApprove: true, tags: ['windows'] } });
      const settings = ['--url', enrolUrl, '--site', 'plant-7', '--tags', 'hall=2', '--proxy', ''];
      const configured = await agent.run([
        'service',
        'configure',
        '--home',
        HOME,
        ...settings,
        '--join-token',
        made.token,
      ]);
      expect(configured).toMatchObject({ code: 0, stderr: '' });
      const running = agent.start(['run', ...CONFIG]);
      await until('the agent of Windows', 120_000, () => Promise.resolve(running.stdout().includes('connected')));
      // the token has served
      expect(existsSync(onDrive(wine, ...inHome('join-token')))).toBe(false);
      for (const name of ['credential.pem', 'sealing-key.json']) {
        expect(await textOnDrive(wine, ...inHome(name))).toMatch(/^casare-protected 1\n[A-Za-z0-9+/=]+\n$/);
      }

      const shop = await openShop();
      const job = await submitWork(client, shop, 'windows');
      expectDone(await stack.over(job.id, 180_000));
      await shop.close();

      const status = await agent.run(['status', '--home', HOME, '--output', 'json']);
      expect(JSON.parse(status.stdout)).toMatchObject({ tunnel: { state: 'live' } });
      expect(JSON.parse(status.stdout)).toHaveProperty('keyStorage', 'Windows DPAPI, for this account');
      expect((await agent.run(['healthcheck', '--home', HOME])).code).toBe(0);
      const busy = await agent.run(['service', 'purge', '--home', HOME]);
      expect(busy).toMatchObject({ code: 1, stderr: expect.stringMatching(/^AGENT_RUNNING/) as string });

      // Node for Windows cannot read the pipes of Linux; the service host, which stops it by its own, has tests of that
      await running.kill();
      expect((await agent.run(['healthcheck', '--home', HOME])).stderr).toMatch(/^AGENT_NOT_RUNNING/);

      const gone = await agent.run(['service', 'purge', '--home', HOME]);
      expect(gone.stdout).toMatch(/^decommissioned: agent /);
      expect(existsSync(onDrive(wine, ...inHome()))).toBe(false);
      const { items } = await client.call(api.agents.list, {});
      expect(items.find(({ declared }) => declared.includes('site=plant-7'))).toMatchObject({
        state: 'decommissioned',
      });
    });

    test('a home that others may enter is refused, and so is a file of settings that they may change', async () => {
      const other = String.raw`C:\other`;
      const { token } = await stack.client.call(api.joinTokens.create, { body: { autoApprove: true } });
      const enrolled = await agent.run(['enrol', '--home', other, '--url', stack.enrolUrl, '--token', token]);
      expect(enrolled).toMatchObject({ code: 0, stderr: '' });
      await chmod(onDrive(wine, 'other'), 0o755);
      expect((await agent.run(['run', '--home', other])).stderr).toMatch(/^HOME_UNSAFE: .*everyone \(WD\): icacls /);
      await chmod(onDrive(wine, 'other'), 0o700);
      await writeFile(onDrive(wine, 'settings.yaml'), '{}');
      await chmod(onDrive(wine, 'settings.yaml'), 0o666);
      const run = await agent.run(['run', '--home', other, '--config', String.raw`C:\settings.yaml`]);
      expect(run.stderr).toMatch(/^CONFIG_UNSAFE: .*everyone \(WD\) may change/);
      await writeFile(onDrive(wine, 'policy.yaml'), 'watch: false\n');
      await chmod(onDrive(wine, 'policy.yaml'), 0o666);
      const policy = await agent.run(['run', '--home', other, '--policy', String.raw`C:\policy.yaml`]);
      expect(policy.stderr).toMatch(/^POLICY_UNSAFE: /);
    });
  });

  test('a policy opens folders by what names lead to', async () => {
    for (const folder of ['Data', 'Database']) {
      await mkdir(onDrive(wine, folder));
      await writeFile(onDrive(wine, folder, 'x.txt'), 'x');
    }
    await writeFile(onDrive(wine, 'roots.yaml'), String.raw`files: { read: ['c:/dATA'] }`);
    await writeFile(onDrive(wine, 'names.yaml'), NAMES);
    const refused = "The agent's policy does not open this file";
    const elsewhere = 'The name leads elsewhere than it looks';
    const cases: [string, string][] = [
      [String.raw`C:\Data\x.txt`, 'read'],
      ['c:/DATA/X.TXT', 'read'],
      [String.raw`C:\Data\..\Data\x.txt`, 'read'],
      [String.raw`C:\Database\x.txt`, refused],
      [String.raw`C:\Data\..\Database\x.txt`, refused],
      [String.raw`C:\windows\win.ini`, refused],
      [String.raw`\\?\C:\Data\x.txt`, elsewhere],
      [String.raw`\\.\C:\Data\x.txt`, elsewhere],
      [String.raw`C:\Data\x.txt::$DATA`, elsewhere],
      [String.raw`C:\Data\NUL`, elsewhere],
      ['C:Data\\x.txt', elsewhere],
      [String.raw`\Data\x.txt`, elsewhere],
      [String.raw`C:\Data\x.txt.`, elsewhere],
      [String.raw`\\localhost\C$\Data\x.txt`, refused],
    ];
    const input = `names=${JSON.stringify(cases.map(([name]) => name))}`;
    await writeFile(onDrive(wine, 'input.json'), JSON.stringify({ names: cases.map(([name]) => name) }));
    const { stdout, stderr } = await agent.run([
      ...['run-local', String.raw`C:\names.yaml`, '--input-file', String.raw`C:\input.json`, '--output', 'json'],
      ...['--policy', String.raw`C:\roots.yaml`, '--home', String.raw`C:\local`],
    ]);
    expect(stderr).toBe('');
    const { output } = JSON.parse(stdout) as { output: string[] };
    expect(
      output.map((found, index) => [cases[index]?.[0], found]),
      input,
    ).toEqual(cases);
  });

  test('without the MSI the agent makes its own service, and takes it away again', async () => {
    await buildHost(ROOT, agent.folder, '1.2.3');
    // Wine starts no service under the account that it has of its own.
    const install = ['service', 'install', '--home', String.raw`C:\own`, '--account', 'LocalSystem'];
    const events = String.raw`HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\Casare Agent`;
    expect(await agent.run(install)).toMatchObject({ code: 0, stderr: '' });
    expect((await wine.run('sc.exe', ['query', 'CasareAgent'])).stdout).toMatch(
      /STATE +: \d+ +(RUNNING|START_PENDING)/,
    );
    const { stdout } = await wine.run('reg.exe', [
      'query',
      String.raw`HKLM\SYSTEM\CurrentControlSet\Services\CasareAgent`,
    ]);
    expect(stdout).toContain(String.raw`casare-agent-host.exe" --home "C:\own"`);
    expect((await wine.run('reg.exe', ['query', events])).stdout).toContain('casare-agent-host.exe');
    expect((await agent.run(install)).stderr).toMatch(/^SERVICE_EXISTS: /);
    const removed = await agent.run(['service', 'remove']);
    expect(removed).toMatchObject({ code: 0, stderr: '', stdout: 'removed: the service CasareAgent\n' });
    expect((await agent.run(['service', 'remove'])).stdout).toMatch(/^nothing: /);
    expect((await wine.run('sc.exe', ['query', 'CasareAgent'])).code).not.toBe(0);
    expect((await wine.run('reg.exe', ['query', events])).code).not.toBe(0);
    expect(existsSync(onDrive(wine, 'own', 'logs', 'agent.log'))).toBe(true);
  });

  test('sessions are switched on and off again: a task at each logon, and where its worker hosts come to', async () => {
    const task = onDrive(wine, 'windows', 'system32', 'tasks', SESSION_TASK);
    const place = ['--home', String.raw`C:\own`];
    expect(await agent.run(['service', 'sessions', 'off', ...place])).toMatchObject({ code: 0, stderr: '' });
    expect(await agent.run(['service', 'sessions', 'on', ...place])).toMatchObject({ code: 0, stderr: '' });
    const socket = String.raw`C:\ProgramData\Casare\Workers\host.sock`;
    // Wine writes the task anew, without its command and its principal: of these `session-task.test.ts` speaks.
    const kept = (await readFile(task)).toString('latin1').replaceAll('\0', '');
    expect(kept).toContain('Runs jobs of the Casare agent in the session');
    expect(await textOnDrive(wine, 'own', 'agent.yaml')).toContain(`workerSocket: ${JSON.stringify(socket)}`);
    expect(await agent.run(['service', 'sessions', 'off', ...place])).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(task)).toBe(false);
    expect(await textOnDrive(wine, 'own', 'agent.yaml')).not.toContain('workerSocket');
  });

  test('a service of the MSI is left to the MSI', async () => {
    const key = String.raw`HKLM\Software\Casare\Agent`;
    await wine.run('reg.exe', ['add', key, '/v', 'InstallDir', '/d', String.raw`D:\Casare`, '/f']);
    for (const verb of ['install', 'remove'])
      expect((await agent.run(['service', verb])).stderr).toMatch(/^SERVICE_OF_PACKAGE: .*D:\\Casare/);
    await wine.run('reg.exe', ['delete', key, '/f']);
  });

  test('a browser is found where its installer says in the registry', async () => {
    const key = String.raw`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\chrome.exe`;
    await wine.run('reg.exe', ['add', key, '/ve', '/d', String.raw`"D:\Größe\chrome.exe"`, '/f']);
    const { stdout, stderr } = await agent.probe(
      'app-paths',
      `import { appPaths } from './probe/windows/index.js';
       console.log(JSON.stringify([appPaths('chrome.exe'), appPaths('nobody-has-this.exe')]));`,
    );
    expect({ stderr, found: JSON.parse(stdout) as unknown }).toEqual({
      stderr: '',
      found: [[String.raw`D:\Größe\chrome.exe`], []],
    });
  });

  test('what a worker starts ends with it, and with whoever held it, also behind a parent that has ended', async () => {
    const { stdout, stderr } = await agent.probe('trees', TREES);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ before: true, ended: false, heldBefore: true, afterHolder: false });
  });

  test('an open file is known by where it lies, however it was called when it was opened', async () => {
    const { stdout, stderr } = await agent.probe(
      'lies',
      `import { mkdirSync, openSync, writeFileSync } from 'node:fs';
       import { finalPath } from './probe/windows/index.js';
       for (const folder of ['lies', 'other']) {
         mkdirSync(folder);
         writeFileSync(folder + '/a.txt', 'x');
       }
       const ends = (path) => finalPath(openSync(path)).split('\\\\').slice(-2).join('/');
       console.log(JSON.stringify(['LIES/A.txt', 'lies/../other/a.txt', 'lies/../lies'].map(ends), null, 0));`,
    );
    expect({ stderr, found: JSON.parse(stdout) as string[] }).toEqual({
      stderr: '',
      found: ['lies/a.txt', 'other/a.txt', expect.stringMatching(/\/lies$/)],
    });
  });

  test('a key is read by the file it was protected as, and by no other', async () => {
    const { stdout, stderr } = await agent.probe(
      'keys',
      `import { protectData, unprotectData } from './probe/windows/index.js';
       const kept = protectData(Buffer.from('geheim ß'), 'one');
       let other = 'read';
       try { unprotectData(kept, 'two'); } catch (error) { other = error.message; }
       console.log(JSON.stringify([kept.includes('geheim'), unprotectData(kept, 'one').toString(), other]));`,
    );
    expect({ stderr, found: JSON.parse(stdout) as unknown }).toEqual({
      stderr: '',
      found: [false, 'geheim ß', expect.stringMatching(/^Windows error \d+$/)],
    });
  });
});

const NAMES = `
document: { dsl: '1.0.3', namespace: t, name: names, version: '1.0.0' }
do:
  - start: { set: { got: [] }, export: { as: . } }
  - all:
      for: { each: name, in: $workflow.input.names }
      do:
        - one:
            try:
              - read: { call: data.hash, with: { file: '\${ $name }' }, output: { as: '"read"' } }
            catch:
              as: error
              do:
                - told: { set: '\${ $error.title }' }
            export: { as: '. as $one | $context | .got += [$one]' }
output: { as: $context.got }
`;

/** A worker starts another process of its own and ends; that one must end with the job, once ended, once its holder killed. */
const TREES = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobObject } from './probe/windows/index.js';
const lives = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
const WORKER = (file) => \`process.once('message', () => {
  const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  child.unref(); require('fs').writeFileSync('\${file}', String(child.pid)); process.exit(0); })\`;
const worker = async (file) => {
  const job = new JobObject();
  const child = spawn(process.execPath, ['-e', WORKER(file)], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  job.add(child.pid);
  child.send('start');
  await once(child, 'exit');
  return { job, pid: Number(readFileSync(file, 'utf8')) };
};
const gone = async (pid) => { for (let n = 0; n < 100 && lives(pid); n += 1) await sleep(100); return lives(pid); };
if (process.argv[2] === 'holder') {
  const { pid } = await worker('held.pid');
  process.send(pid);
  setInterval(() => {}, 1000);
} else {
  const { job, pid } = await worker('ended.pid');
  const before = lives(pid);
  job.end();
  const ended = await gone(pid);
  const holder = spawn(process.execPath, [process.argv[1], 'holder'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [held] = await once(holder, 'message');
  const heldBefore = lives(held);
  holder.kill('SIGKILL');
  const afterHolder = await gone(held);
  console.log(JSON.stringify({ before, ended, heldBefore, afterHolder }));
}
process.exitCode = 0;
if (process.argv[2] !== 'holder') process.exit(0);
`;
