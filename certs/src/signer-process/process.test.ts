/** The signer as a process: what happens when it dies, hangs or cannot start, and that it dies with its parent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generateKey } from '../keys.ts';
import { AGENT_ID, codeOf, must, TRUST_DOMAIN } from '../world.fixture.ts';
import { startSignerChild, type SignerChild } from './child.ts';

let home: string;
let child: SignerChild | undefined;
const logged: string[] = [];
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-signer-'));
});
afterEach(async () => {
  await child?.stop();
  child = undefined;
  logged.length = 0;
  await rm(home, { recursive: true });
});

function start(): SignerChild {
  const onLog = (level: string, message: string, fields: object) =>
    void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  child = startSignerChild({ home, trustDomain: TRUST_DOMAIN, gatewayHosts: ['gateway.test'], onLog });
  return child;
}

async function leaf(signer: SignerChild['signer']): Promise<string> {
  const publicKey = Buffer.from((await generateKey('P-256')).publicKey).toString('base64');
  return codeOf(await signer.signAgentLeaf({ issuer: 'acme', publicKey, agentId: AGENT_ID }));
}

async function withCa({ signer }: SignerChild): Promise<void> {
  const root = must(await signer.createRoot({ id: 'root', kind: 'agent' }));
  must(await signer.addIssuer({ id: 'root', certificate: root.certificate, sealedKey: root.sealedKey }));
  const ca = must(await signer.signAgentCa({ issuer: 'root', id: 'acme', tenant: 'acme' }));
  must(await signer.addIssuer({ id: 'acme', certificate: ca.certificate, sealedKey: ca.sealedKey }));
}

describe('the signer process', () => {
  test('after kill -9 answers SIGNER_DOWN at once, and signs again for the same CAs when it is back', async () => {
    const { signer } = start();
    must(await child!.ready());
    await withCa(child!);
    expect(await leaf(signer)).toBe('OK');
    const { pid } = child!;
    // In one turn: nothing can have noticed yet, and still nobody waits for an answer that will not come.
    process.kill(pid!, 'SIGKILL');
    expect(await Promise.all([leaf(signer), leaf(signer)])).toEqual(['SIGNER_DOWN', 'SIGNER_DOWN']);
    expect(await leaf(signer)).toBe('SIGNER_DOWN');
    expect(signer.state).toMatchObject({ up: false });
    await vi.waitFor(async () => expect(await leaf(signer)).toBe('OK'), 20_000);
    expect(child!.pid).not.toBe(pid);
    expect(logged.join('\n')).toContain('the signer ended and is started again');
  });

  test('one that hangs is given up and replaced', async () => {
    const { signer } = start();
    must(await child!.ready());
    await withCa(child!);
    const { pid } = child!;
    process.kill(pid!, 'SIGSTOP');
    expect(await leaf(signer)).toBe('SIGNER_DOWN');
    await vi.waitFor(async () => expect(await leaf(signer)).toBe('OK'), 20_000);
    expect(child!.pid).not.toBe(pid);
  });

  test('says why it cannot start', async () => {
    await writeFile(path.join(home, 'master.key'), 'short', { mode: 0o600 });
    start();
    expect(await child!.ready()).toMatchObject({ ok: false, code: 'MASTER_KEY_UNUSABLE' });
  });

  test('stops when it is told to, and is not started again', async () => {
    start();
    must(await child!.ready());
    const { pid } = child!;
    await child!.stop();
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
    expect(await leaf(child!.signer)).toBe('SIGNER_DOWN');
  });

  test('inherits no environment: a database password of ours is not in it', async () => {
    process.env['CASARE_DATABASE_URL'] = 'postgres://u:canary@h/d';
    try {
      start();
      must(await child!.ready());
      if (process.platform === 'linux')
        expect(readFileSync(`/proc/${child!.pid}/environ`, 'utf8')).not.toContain('canary');
    } finally {
      delete process.env['CASARE_DATABASE_URL'];
    }
  });

  test('dies with its parent, when that is killed with -9', async () => {
    const module = fileURLToPath(new URL('./child.ts', import.meta.url));
    const program = `
      import { startSignerChild } from ${JSON.stringify(module)};
      const options = { home: ${JSON.stringify(home)}, trustDomain: 'casare.test', gatewayHosts: ['g.test'], onLog() {} };
      const child = startSignerChild(options);
      await child.ready();
      console.log(child.pid);`;
    const parent = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program]);
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 10_000);
  });
});
