/**
 * The MSI, by Wine: installed without a word it becomes a service that enrols at a control plane on Linux and runs jobs;
 * upgraded it is the same agent; removed it leaves nothing. What is wrong is said by an exit code.
 *
 * Wine starts no service under an account of Windows' own making (`NT SERVICE\CasareAgent`): here it runs as LocalSystem.
 */
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { api } from '@casare/shared/client';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { SESSION_TASK, sessionTask } from '../../edge-agent/src/setup/session-task.ts';
import { icon } from '../../installer/windows/icon.ts';
import { buildMsi } from '../../installer/windows/msi.ts';
import { SESSION_TASK as TASK_OF_MSI } from '../../installer/windows/names.ts';
import { verify } from '../../installer/windows/sign.ts';
import { useTool } from '../../installer/windows/tools.ts';
import { Gate } from '../support/gate.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { ROOT } from '../support/program.ts';
import { startStack, until, type Stack } from '../support/stack.ts';
import { onDrive, textOnDrive, withoutInput } from '../support/windows-agent.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const ROOM = 'room=msi';
const AT = new Date('2026-01-01T00:00:00Z');
const HELP = 'https://help.example.com/casare';
const PROGRAMS = 'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
const PRODUCTS = 'HKLM\\Software\\Classes\\Installer\\Products';
const ACCOUNT = 'SERVICE_ACCOUNT=LocalSystem';
const DATA = 'C:\\ProgramData\\Casare\\Agent';
const DATA_PARTS = ['ProgramData', 'Casare', 'Agent'];
/** `agent.yaml` while an installation is under way. */
const BEFORE = ['Program Files', 'Casare', 'Agent', 'setup', 'before'];
const NOWHERE = 'CONTROLPLANE_URL=https://127.0.0.1:9';
const TASKS = ['windows', 'system32', 'tasks'];
const PROGRAM = 'C:\\Program Files\\Casare\\Agent';
const SYSTEM_PATH = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
/** Of Windows' installer, with the eight bits that Linux keeps: a condition was not met, an action failed. */
const REFUSED = 1603 & 0xff;
/** Wine's own for a program of an action that failed, where Windows says 1603. */
const FAILED = 1627 & 0xff;

describe.skipIf(reason !== null)(skipName('the MSI, by Wine', reason), () => {
  let [folder, first, second] = ['', '', ''];
  let wine: Wine;
  let stack: Stack;
  let shop: Shop;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'casare-msi-'));
    const signer = certificate(folder);
    first = await buildMsi({
      root: ROOT,
      out: path.join(folder, '1'),
      at: AT,
      version: '0.1.0',
      signer,
      helpLink: HELP,
    });
    second = await buildMsi({ root: ROOT, out: path.join(folder, '2'), at: AT, version: '0.1.1' });
    [wine, stack, shop] = await Promise.all([startWine(), startStack(new Gate(Infinity)), openShop()]);
    for (const file of [first, second]) await copyFile(file, path.join(wine.folder, path.basename(file)));
  }, 600_000);
  afterAll(async () => {
    await wine.stop();
    await shop.close();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is signed, and one that was changed is not', async () => {
    const trusted = path.join(folder, 'cert.pem');
    await verify(ROOT, first, trusted);
    const bytes = await readFile(first);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    const tampered = path.join(folder, 'tampered.msi');
    await writeFile(tampered, bytes);
    await expect(verify(ROOT, tampered, trusted)).rejects.toThrow(/MSI_TOOL/);
  });

  it('is refused without an address, and with a token that is none, and leaves nothing', async () => {
    expect(await msiexec('/i', first, ACCOUNT)).toBe(REFUSED);
    expect(await msiexec('/i', first, ACCOUNT, `CONTROLPLANE_URL=${stack.enrolUrl}`, 'JOIN_TOKEN=wrong')).toBe(FAILED);
    expect(await msiexec('/i', first, ACCOUNT, `CONTROLPLANE_URL=${stack.enrolUrl}`, 'SITE=hall\\')).toBe(REFUSED);
    const inWindows = 'INSTALLDIR=c:\\WINDOWS\\casare';
    expect(await msiexec('/i', first, ACCOUNT, `CONTROLPLANE_URL=${stack.enrolUrl}`, inWindows)).toBe(REFUSED);
    expect(await query('HKLM\\Software\\Casare\\Agent')).toBeNull();
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();
  });

  it('leaves nothing of itself when it fails late, and what was there before as it was', async () => {
    const late = await failingLate();
    const properties = async () => [NOWHERE, `JOIN_TOKEN=${await freshToken()}`, 'SITE=late', 'SESSIONS=1', ACCOUNT];
    expect(await msiexec('/i', late, ...(await properties()))).toBe(FAILED);
    expect(['join-token', 'agent.yaml'].filter((name) => existsSync(inData(name)))).toEqual([]);
    expect(existsSync(onDrive(wine, ...BEFORE))).toBe(false);
    expect(hasTask()).toBe(false);
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();

    // The data of an earlier agent, which ran its jobs in sessions.
    const earlier = '# by hand\nurl: https://elsewhere.example\nworkerSocket: C:\\Workers\\host.sock\n';
    await writeFile(inData('agent.yaml'), earlier);
    await makeTask();
    expect(await msiexec('/i', late, ...(await properties()))).toBe(FAILED);
    expect(await readFile(inData('agent.yaml'), 'utf8')).toBe(earlier);
    expect([inData('join-token'), onDrive(wine, ...BEFORE)].filter((file) => existsSync(file))).toEqual([]);
    expect(hasTask()).toBe(true);
    await rm(inData('agent.yaml'));
  }, 300_000);

  it('installs where the control plane is not reached: the service tries on and says so; removed, its data stays', async () => {
    onTestFailed(sayLog);
    const token = await freshToken();
    const log = 'C:\\install.log';
    expect(await msiexec('/i', first, '/l*v', log, NOWHERE, `JOIN_TOKEN=${token}`, ACCOUNT)).toBe(0);
    await until('two attempts in agent.log', 120_000, async () => {
      return (await agentLog()).split('UNREACHABLE: 127.0.0.1:9 ').length > 2;
    });
    expect((await wine.run('sc.exe', ['query', 'CasareAgent'])).stdout).toContain('RUNNING');
    // Wine keeps access lists as modes (the group are administrators), and knows no table of them: this one is of `configure`.
    expect(statSync(inData()).mode & 0o777).toBe(0o770);
    expect(await query(SYSTEM_PATH)).toContain(PROGRAM);
    expect(existsSync(onDrive(wine, ...BEFORE))).toBe(false);
    expect(await readFile(inData('join-token'), 'utf8')).toBe(`${token}\n`);
    // Wine lists all properties at the end, whatever MsiHiddenProperties says: besides there it is nowhere.
    const verbose = (await textOnDrive(wine, 'install.log')).replaceAll('\0', '').split('\n');
    expect(verbose.filter((line) => line.includes(token) && !line.startsWith('Property(S): JOIN_TOKEN = '))).toEqual(
      [],
    );
    expect(verbose.some((line) => line.includes('Action start') && line.includes('configure'))).toBe(true);
    expect(await useTool(ROOT, 'msiinfo', ['export', first, 'Property'])).toMatch(
      /^MsiHiddenProperties\tJOIN_TOKEN\r?$/m,
    );

    expect(await msiexec('/x', first)).toBe(0);
    expect(await query(SYSTEM_PATH)).not.toContain('Casare');
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();
    expect(existsSync(inData('agent.yaml'))).toBe(true);
    expect(hasTask()).toBe(false);
  }, 600_000);

  it('installs with a token that was taken back: the service says so, and tries it again now and then', async () => {
    onTestFailed(sayLog);
    const revoked = await stack.client.call(api.joinTokens.create, { body: {} });
    await stack.client.call(api.joinTokens.revoke, { params: { id: revoked.id } });
    const file = path.join(wine.folder, 'token.txt');
    await writeFile(file, `${revoked.token}\n`);
    const properties = [`CONTROLPLANE_URL=${stack.enrolUrl}`, `JOIN_TOKEN_FILE=${wine.path(file)}`, ACCOUNT];
    expect(await msiexec('/i', first, '/l*v', 'C:\\file.log', ...properties)).toBe(0);
    expect((await textOnDrive(wine, 'file.log')).replaceAll('\0', '')).not.toContain(revoked.token);
    const listed = (await query(PROGRAMS)) ?? '';
    for (const text of ['Casare Agent', '0.1.0', HELP]) expect(listed).toContain(text);
    expect(listed).toMatch(/Publisher +REG_SZ +Casare\r?$/m);
    const shown = /ProductIcon +REG_SZ +C:\\(.*\\agent\.ico)\r?$/m.exec((await query(PRODUCTS)) ?? '')?.[1] ?? '';
    expect(await readFile(onDrive(wine, ...shown.split('\\')))).toEqual(icon());
    await until('the word of the service', 120_000, async () =>
      (await agentLog()).includes('tried again every 300000 ms'),
    );
    expect(await agentLog()).toContain('WRONG_TOKEN');
    expect(await msiexec('/x', first, 'PURGE=1')).toBe(0);
    expect(existsSync(inData())).toBe(false);
  }, 300_000);

  it('installs, enrols and works, and is the same agent after an upgrade; the older version is refused', async () => {
    onTestFailed(sayLog);
    const properties = [
      `CONTROLPLANE_URL=${stack.enrolUrl}`,
      `JOIN_TOKEN=${await freshToken()}`,
      'SITE=hall-2',
      ACCOUNT,
    ];
    expect(await msiexec('/i', first, ...properties)).toBe(0);
    expectDone(await stack.over((await submitWork(stack.client, shop, ROOM)).id, 180_000));
    const agent = await agents();
    expect(agent).toHaveLength(1);
    // What people type finds the agent that the service runs.
    const typed = ['/c', 'C:\\Program Files\\Casare\\Agent\\casare-agent.cmd', 'healthcheck', '<NUL'];
    expect(await wine.run('cmd.exe', typed)).toMatchObject({ code: 0 });
    const listed = (await wine.run('cmd.exe', ['/c', `dir /b ${DATA}`])).stdout;
    expect(listed).toContain('agent.yaml');
    expect(listed).not.toContain('join-token');

    // The address is not said again: it is known. The job is done before, or waits meanwhile.
    const waiting = await submitWork(stack.client, shop, ROOM);
    expect(await msiexec('/i', second, ACCOUNT)).toBe(0);
    expectDone(await stack.over(waiting.id, 180_000));
    expectDone(await stack.over((await submitWork(stack.client, shop, ROOM)).id, 180_000));
    expect(await agents()).toEqual(agent);
    const registry = await query('HKLM\\Software\\Casare\\Agent');
    expect(registry).toContain('0.1.1');
    expect(registry).toContain(stack.enrolUrl);
    expect(await msiexec('/i', first, ACCOUNT)).toBe(REFUSED);
    // A repair, which on Windows any user may ask for, has no say.
    const typedYaml = ['/c', `type ${DATA}\\agent.yaml`];
    const settings = (await wine.run('cmd.exe', typedYaml)).stdout;
    expect(settings).toContain(stack.enrolUrl);
    const said = ['CONTROLPLANE_URL=https://elsewhere.example', 'SITE=other', ACCOUNT];
    expect(await msiexec('/i', second, 'REINSTALL=ALL', 'REINSTALLMODE=amus', ...said)).toBe(0);
    expect((await wine.run('cmd.exe', typedYaml)).stdout).toBe(settings);
    expect(await query('HKLM\\Software\\Casare\\Agent')).toContain(stack.enrolUrl);
  }, 900_000);

  it('removed and installed again it is the same agent, at work in sessions where that is wanted; purged, it is gone', async () => {
    onTestFailed(sayLog);
    const agent = await agents();
    expect(agent).toHaveLength(1);
    expect(await msiexec('/x', second)).toBe(0);
    expect(existsSync(inData('credential.pem'))).toBe(true);
    expect(await msiexec('/i', second, `CONTROLPLANE_URL=${stack.enrolUrl}`, 'SESSIONS=1', ACCOUNT)).toBe(0);
    expect(TASK_OF_MSI).toBe(SESSION_TASK);
    expect(hasTask()).toBe(true);
    const waiting = await submitWork(stack.client, shop, ROOM);
    const socket = 'C:\\ProgramData\\Casare\\Workers\\host.sock';
    // Wine has no logon that would start it, and drops a task's command: what it starts is started here.
    const command = [`${PROGRAM}\\casare-agent.mjs`, 'worker-host', '--socket', socket];
    const host = wine.start(`${PROGRAM}\\node.exe`, withoutInput(...command));
    onTestFailed(() => console.error(host.stdout(), host.stderr()));
    expectDone(await stack.over(waiting.id, 180_000));
    expect(await agents()).toEqual(agent);
    await host.kill();

    expect(await msiexec('/x', second, 'PURGE=1')).toBe(0);
    expect(hasTask()).toBe(false);
    expect(await query('HKLM\\Software\\Casare\\Agent')).toBeNull();
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();
    expect((await wine.run('cmd.exe', ['/c', `dir /s /b ${DATA}`])).stdout.trim()).toBe('');
    expect(existsSync(onDrive(wine, 'ProgramData', 'Casare', 'Workers'))).toBe(false);
    expect((await wine.run('cmd.exe', ['/c', 'dir /s /b "C:\\Program Files\\Casare"'])).stdout.trim()).toBe('');
    await until('the end of the agent', 30_000, async () => (await agents()).length === 0);
  }, 900_000);

  async function msiexec(verb: '/i' | '/x', file: string, ...properties: string[]): Promise<number | null> {
    const msi = wine.path(path.join(wine.folder, path.basename(file)));
    return (await wine.run('msiexec.exe', [verb, msi, '/qn', ...properties], { timeout: 240_000 })).code;
  }

  /** The newer one, of which the last action of all fails: by then everything is written and the service has been started. */
  async function failingLate(): Promise<string> {
    const late = path.join(wine.folder, 'late.msi');
    await copyFile(second, late);
    const fails = `'fails', ${34 + 0x400 + 0x800}, 'System64Folder', '"[System64Folder]cmd.exe" /c exit 1'`;
    for (const statement of [
      `INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES (${fails})`,
      "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('fails', 'NOT REMOVE', 6590)",
    ])
      await useTool(ROOT, 'msibuild', [late, '-q', statement]);
    return late;
  }

  async function makeTask(): Promise<void> {
    const file = path.join(wine.folder, 'task.xml');
    const program = { node: 'C:\\node.exe', agent: 'C:\\agent.mjs', socket: 'C:\\Workers\\host.sock' };
    await writeFile(file, Buffer.from(`\ufeff${sessionTask(program)}`, 'utf16le'));
    const made = await wine.run('schtasks.exe', ['/create', '/tn', SESSION_TASK, '/xml', wine.path(file), '/f']);
    expect(made.code).toBe(0);
  }

  async function freshToken(): Promise<string> {
    const body = { autoApprove: true, tags: [ROOM] };
    return (await stack.client.call(api.joinTokens.create, { body })).token;
  }

  function inData(...parts: string[]): string {
    return onDrive(wine, ...DATA_PARTS, ...parts);
  }

  /** Where the Task Scheduler keeps it. */
  function hasTask(): boolean {
    return existsSync(onDrive(wine, ...TASKS, SESSION_TASK));
  }

  function agentLog(): Promise<string> {
    return textOnDrive(wine, ...DATA_PARTS, 'logs', 'agent.log').catch(() => '');
  }

  async function sayLog(): Promise<void> {
    console.error(await agentLog());
  }

  async function query(key: string): Promise<string | null> {
    const { code, stdout } = await wine.run('reg.exe', ['query', key, '/s']);
    return code === 0 ? stdout : null;
  }

  /** Those besides the stack's own that are not taken away. */
  async function agents(): Promise<string[]> {
    const { items } = await stack.client.call(api.agents.list, {});
    return items.filter((agent) => agent.name !== 'e2e' && agent.state !== 'decommissioned').map(({ id }) => id);
  }
});

/** Of nobody in particular: for tests. */
function certificate(folder: string): { certificate: string; key: string } {
  const [made, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Casare test'],
      ...['-addext', 'extendedKeyUsage=codeSigning', '-keyout', key, '-out', made],
    ],
    { stdio: 'ignore' },
  );
  return { certificate: made, key };
}
