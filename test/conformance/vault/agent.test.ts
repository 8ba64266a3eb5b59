/**
 * Secrets of a vault in runs of a real agent (worker processes, outbox, tunnel): the agent asks a double of Vault over real
 * TLS; what is used, kept from whom, and what becomes of runs whose secrets cannot be had.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobAssign, RunEventBody } from '@casare/shared/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runChecks } from '../../../edge-agent/src/doctor/index.ts';
import { createTestPki, type TestPki } from '../../../edge-agent/src/identity/pki-for-tests.ts';
import { assignment } from '../../../edge-agent/src/outbox/outbox-for-tests.ts';
import { startTestAgent, type TestAgent } from '../../../edge-agent/src/runner/test-agent-for-tests.ts';
import { LocalSecrets, type LocalSecretsOptions, readProviderSettings } from '../../../edge-agent/src/secrets/index.ts';
import { agentHome } from '../../../edge-agent/src/identity/index.ts';
import { ProtocolPeer } from '../../../edge-agent/src/tunnel/protocol-peer-for-tests.ts';
import { VaultForTests } from '../../support/vault-for-tests.ts';

const CANARY = 'canary-4711-of-the-vault';
const SLOW = { timeout: 20_000 };
const module = new URL('../../../edge-agent/src/runner/worker.ts', import.meta.url);

let pki: TestPki;
let folder = '';
let vault: VaultForTests;
let peer: ProtocolPeer;
let agent: TestAgent | undefined;
let secrets: LocalSecrets | undefined;
beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'casare-vaulted-'));
  vault = await new VaultForTests(pki.gateway).start();
  vault.put('secret/suppliers/portal', { username: 'buyer', password: CANARY });
  peer = await ProtocolPeer.start(pki);
  write('ca.pem', pki.serverRoot);
  write('secret-id', `${vault.secretId}\n`);
});
afterEach(async () => {
  await agent?.stop();
  await secrets?.close();
  [agent, secrets] = [undefined, undefined];
  await Promise.all([peer.stop(), vault.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
function configure(secret: string): void {
  write(
    'secret-providers.yaml',
    `
providers:
  corp:
    kind: vault
    address: ${vault.address}
    caFile: ${join(folder, 'ca.pem')}
    auth: { method: approle, roleId: ${vault.roleId}, secretIdFile: ${join(folder, 'secret-id')} }
secrets:
  portal: ${secret}
`,
  );
}
function open(options: LocalSecretsOptions = {}): LocalSecrets {
  const { settings } = readProviderSettings(undefined, folder, join(folder, 'absent.yaml'));
  return (secrets = new LocalSecrets(settings, options));
}
function start(options: LocalSecretsOptions = {}): void {
  secrets = open(options);
  agent = startTestAgent({ module, folder, pki, peer, localSecrets: secrets });
}
/** A run that gives the password to a log line and to its output; where it matters, only to a step that may not have it. */
function assigned(change: Partial<JobAssign> = {}): JobAssign {
  const tasks = [
    {
      tell: {
        input: { from: '{ secret: $secrets.portal.password }' },
        call: 'log',
        with: { message: '${ "it is " + .secret }' },
      },
    },
    { keep: { input: { from: '{ secret: $secrets.portal.password }' }, set: { kept: '${ .secret }' } } },
  ];
  const run = assignment({ localSecrets: ['portal'], ...change }, tasks);
  const document = {
    ...(run.workflow.document as object),
    use: { secrets: ['portal'] },
  } as JobAssign['workflow']['document'];
  return { ...run, workflow: { ...run.workflow, document } };
}
async function ran(run: JobAssign): Promise<RunEventBody | undefined> {
  await vi.waitFor(() => expect(agent?.tunnel.state).toBe('live'));
  peer.send(run);
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toMatch(/^run\.(?!started|log)/), SLOW);
  return peer.eventsOf(run).at(-1)?.body;
}
async function refusal(run: JobAssign): Promise<object | undefined> {
  await vi.waitFor(() => expect(agent?.tunnel.state).toBe('live'));
  peer.send(run);
  await vi.waitFor(() => expect(peer.messagesOf('job.refused')).toHaveLength(1), SLOW);
  return peer.messagesOf('job.refused')[0];
}
/** Everything that the run left on the agent's disk, said in its log, or sent to the control plane. */
function everything(): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== 'secret-id',
  );
  const onDisk = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  return [...onDisk, ...(agent?.logged ?? []), JSON.stringify(peer.messages)].join('\n');
}

describe('a secret of a vault', () => {
  test('is used by the step, masked in the record, and reaches neither disk, log nor control plane', async () => {
    configure('{ provider: corp, path: suppliers/portal }');
    start();
    const run = assigned();
    expect(await ran(run)).toMatchObject({ type: 'run.completed' });
    const left = everything();
    expect(left).toContain('it is ***');
    expect(vault.asked).toContain('GET secret/data/suppliers/portal');
    const tokens = [...vault.tokens.keys()];
    expect(tokens).toHaveLength(1);
    for (const value of [CANARY, Buffer.from(CANARY).toString('base64'), vault.secretId, ...tokens]) {
      expect(left).not.toContain(value);
    }
  });

  test('can be one field of it', async () => {
    configure('{ provider: corp, path: suppliers/portal, field: password }');
    open();
    expect(await secrets!.values(['portal'], new AbortController().signal)).toMatchObject({
      secrets: { portal: CANARY },
    });
  });

  test('goes to no step and no workflow that its rules do not name', async () => {
    configure('{ provider: corp, path: suppliers/portal, steps: [browser.fill], workflows: [test/*] }');
    start();
    expect(await ran(assigned())).toMatchObject({ type: 'run.failed', error: { code: 'SECRET_STEP_REFUSED' } });
    await agent!.stop();
    configure('{ provider: corp, path: suppliers/portal, workflows: [finance/*] }');
    start();
    const asked = vault.asked.length;
    expect(await refusal(assigned())).toMatchObject({ code: 'SECRET_WORKFLOW_REFUSED' });
    expect(vault.asked).toHaveLength(asked);
  });

  test('that nobody has ends the job before it is accepted', async () => {
    configure('{ provider: corp, path: suppliers/portal }');
    start();
    expect(await refusal(assigned({ localSecrets: ['portal', 'toString'] }))).toMatchObject({
      code: 'SECRET_MISSING',
      reason: expect.stringContaining('`toString`') as string,
    });
    expect(agent!.outbox.runs()).toEqual([]);
  });

  test('is waited for while its vault is away, and the run ends with the reason when that lasts', async () => {
    configure('{ provider: corp, path: suppliers/portal }');
    let pauses = 0;
    const pause = (): Promise<void> => {
      pauses += 1;
      if (pauses === 3) vault.isSealed = false;
      return Promise.resolve();
    };
    vault.isSealed = true;
    start({ pause });
    const never = new AbortController().signal;
    expect(await secrets!.values(['portal'], never)).toMatchObject({ secrets: { portal: { password: CANARY } } });
    expect(pauses).toBe(3);
    vault.isSealed = true;
    expect(await ran(assigned())).toMatchObject({ type: 'run.failed', error: { code: 'VAULT_SEALED' } });
    // What only a person changes is not waited for.
    [vault.isSealed, vault.allows, pauses] = [false, ['nothing'], 3];
    vault.tokens.clear();
    await expect(secrets!.values(['portal'], never)).rejects.toMatchObject({ code: 'VAULT_DENIED' });
    expect(pauses).toBe(3);
  });

  test('is not waited for by a run that is cancelled', async () => {
    configure('{ provider: corp, path: suppliers/portal }');
    vault.instead = 'silence';
    start();
    const run = assigned();
    await vi.waitFor(() => expect(agent?.tunnel.state).toBe('live'));
    peer.send(run);
    await vi.waitFor(() => expect(vault.asked.length).toBeGreaterThan(0), SLOW);
    peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 0, reason: 'enough' });
    await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toBe('run.cancelled'), SLOW);
  });
});

describe('settings of providers', () => {
  test.each([
    ['an address without TLS', 'address: http://vault.example:8200', /line 5, column \d+: .*https/],
    ['a path that leads elsewhere', 'path: ../sys/policy', /line \d+, column \d+: .*segments/],
    ['a provider that is not there', 'provider: other', /one of `providers`/],
    ['a misspelt name', 'mout: kv', /mount/],
  ])('with %s are refused by line', (_, line, why) => {
    configure('{ provider: corp, path: suppliers/portal }');
    const file = join(folder, 'secret-providers.yaml');
    const [name] = line.split(':') as [string];
    const text = readFileSync(file, 'utf8');
    const changed = text.includes(`${name}: `)
      ? text.replace(new RegExp(`${name}: [^,\\n}]+`), line)
      : text.replace('    kind: vault', `    kind: vault\n    ${line}`);
    write('secret-providers.yaml', changed);
    const read = (): unknown => readProviderSettings(undefined, folder, join(folder, 'absent.yaml'));
    expect(read).toThrow(why);
    expect(read).toThrow(expect.objectContaining({ code: 'SECRET_PROVIDERS_INVALID' }));
  });

  test('that others may write are refused, and credentials that others may read', async () => {
    configure('{ provider: corp, path: suppliers/portal }');
    const { settings } = readProviderSettings(join(folder, 'secret-providers.yaml'), folder);
    writeFileSync(join(folder, 'secret-id'), vault.secretId);
    chmodSync(join(folder, 'secret-id'), 0o644);
    secrets = new LocalSecrets(settings);
    await expect(secrets.values(['portal'], new AbortController().signal)).rejects.toMatchObject({
      code: 'SECRETS_CREDENTIALS',
    });
    expect(vault.asked).toEqual([]);
    chmodSync(join(folder, 'secret-providers.yaml'), 0o622);
    expect(() => readProviderSettings(join(folder, 'secret-providers.yaml'), folder)).toThrow(/cannot be trusted/);
  });
});

test('doctor says who was reached, or what is wrong with which secret', async () => {
  configure('{ provider: corp, path: suppliers/portal }');
  const check = async () => {
    const named = { CASARE_SECRET_PROVIDERS: join(folder, 'secret-providers.yaml'), CASARE_BROWSER: '/nowhere' };
    const checks = await runChecks({
      home: agentHome(folder, {}),
      environment: named,
      now: Date.now,
      only: new Set(['secret providers']),
    });
    return checks.find(({ name }) => name === 'secret providers');
  };
  expect(await check()).toMatchObject({ result: 'ok', found: expect.stringMatching(/logged in; 1 secrets/) as string });
  expect(vault.tokens.size).toBe(0);
  vault.take('secret/suppliers/portal', 'delete');
  expect(await check()).toMatchObject({
    result: 'failed',
    code: 'VAULT_SECRET_DELETED',
  });
  await vault.stop();
  expect(await check()).toMatchObject({
    result: 'failed',
    code: 'VAULT_UNREACHABLE',
  });
});
