/**
 * The MSI, by Wine: installed without a word it becomes a service that enrols at a control plane on Linux and runs jobs;
 * upgraded it is the same agent; removed it leaves nothing. What is wrong is said by an exit code.
 *
 * Wine starts no service under an account of Windows' own making (`NT SERVICE\CasareAgent`): here it runs as LocalSystem.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { api } from '@casare/shared/client';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { buildMsi } from '../../installer/windows/msi.ts';
import { verify } from '../../installer/windows/sign.ts';
import { Gate } from '../support/gate.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { ROOT } from '../support/program.ts';
import { startStack, until, type Stack } from '../support/stack.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const ROOM = 'room=msi';
const AT = new Date('2026-01-01T00:00:00Z');
const ACCOUNT = 'SERVICE_ACCOUNT=LocalSystem';
const DATA = 'C:\\ProgramData\\Casare\\Agent';
/** Of Windows' installer, with the eight bits that Linux keeps: a condition was not met, an action failed. */
const REFUSED = 1603 & 0xff;

describe.skipIf(reason !== null)(skipName('the MSI, by Wine', reason), () => {
  let [folder, first, second] = ['', '', ''];
  let wine: Wine;
  let stack: Stack;
  let shop: Shop;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'casare-msi-'));
    const signer = certificate(folder);
    first = await buildMsi({ root: ROOT, out: path.join(folder, '1'), at: AT, version: '0.1.0', signer });
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
    expect(await msiexec('/i', first, ACCOUNT, `CONTROLPLANE_URL=${stack.enrolUrl}`, 'JOIN_TOKEN=wrong')).not.toBe(0);
    expect(await msiexec('/i', first, ACCOUNT, `CONTROLPLANE_URL=${stack.enrolUrl}`, 'SITE=hall\\')).toBe(REFUSED);
    expect(await query('HKLM\\Software\\Casare\\Agent')).toBeNull();
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();
  });

  it('installs, enrols and works, is the same agent after an upgrade, and goes without a trace', async () => {
    onTestFailed(async () =>
      console.error((await wine.run('cmd.exe', ['/c', `type ${DATA}\\logs\\agent.log`])).stdout),
    );
    const { token } = await stack.client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [ROOM] } });
    const properties = [`CONTROLPLANE_URL=${stack.enrolUrl}`, `JOIN_TOKEN=${token}`, 'SITE=hall-2', ACCOUNT];
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

    expect(await msiexec('/x', second, 'PURGE=1')).toBe(0);
    expect(await query('HKLM\\Software\\Casare\\Agent')).toBeNull();
    expect(await query('HKLM\\SYSTEM\\CurrentControlSet\\Services\\CasareAgent')).toBeNull();
    expect((await wine.run('cmd.exe', ['/c', `dir /s /b ${DATA}`])).stdout.trim()).toBe('');
    expect((await wine.run('cmd.exe', ['/c', 'dir /s /b "C:\\Program Files\\Casare"'])).stdout.trim()).toBe('');
    await until('the end of the agent', 30_000, async () => (await agents()).length === 0);
  }, 900_000);

  async function msiexec(verb: '/i' | '/x', file: string, ...properties: string[]): Promise<number | null> {
    const msi = wine.path(path.join(wine.folder, path.basename(file)));
    return (await wine.run('msiexec.exe', [verb, msi, '/qn', ...properties], { timeout: 240_000 })).code;
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
