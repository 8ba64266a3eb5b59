/**
 * Attack 46: on what is sealed to agents. The control plane, its database and its home, all of it in an attacker's hands,
 * holds nothing that opens a sealed secret; and one that says keys of its own is noticed where the secret is sealed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Agent } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { generateSealingKey, openSealed, sealTo } from '@casare/shared/sealing';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { runCli } from '../../control-plane/src/cli/program.ts';
import { AgentPrograms } from '../../control-plane/src/fleet/testing-agent.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { attack } from './attack.ts';

const CANARY = 'canary-4646-that-nobody-reads';
const SLOW = { timeout: 60_000, interval: 250 };
const LISTING = process.env['CASARE_SECURITY_LIST'] !== undefined;

const tables = sql<{ name: string }>(
  'testTablesOfAll',
  `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
);
const dumpOf = sql<{ text: string | null }, [table: string]>(
  'testDumpTable',
  `SELECT query_to_xml('SELECT t::text FROM ' || quote_ident($1) || ' t', true, false, '')::text AS text`,
);
const swapKey = sql<{ before: string }, [agent: string, key: string]>(
  'testSwapSealingKey',
  `UPDATE agent a SET sealing_key = $2 FROM (SELECT id, sealing_key AS before FROM agent WHERE id = $1) b
   WHERE a.id = b.id RETURNING b.before`,
);
const moveSealed = sql<never, [from: string, to: string, agent: string]>(
  'testMoveSealed',
  `UPDATE sealed_secret t SET sealed = s.sealed FROM sealed_secret s
   WHERE t.name = $2 AND s.name = $1 AND t.agent_id = $3 AND s.agent_id = $3`,
);
const sealedText = sql<{ sealed: string }, [name: string, agent: string]>(
  'testSealedText',
  `SELECT sealed FROM sealed_secret WHERE name = $1 AND agent_id = $2`,
);

let plane: TestControlPlane;
let folder = '';
let site: Server;
let sent = '';
let mine: Agent;
let other: Agent;
const programs = new AgentPrograms();
beforeAll(async () => {
  if (LISTING) return;
  folder = mkdtempSync(path.join(tmpdir(), 'casare-sealed-'));
  site = createServer((request, response) => {
    sent += `${request.headers['x-key'] as string}\n`;
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  plane = await startTestControlPlane();
  [mine, other] = await Promise.all([startAgent('press'), startAgent('other')]);
}, 120_000);
afterAll(async () => {
  if (LISTING) return;
  await programs.end();
  await plane.close();
  await new Promise((resolve) => site.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Enrols and starts the real program, in a home outside of the control plane's. */
async function startAgent(name: string): Promise<Agent> {
  const { token } = await plane.client.call(api.joinTokens.create, { body: { autoApprove: true } });
  const home = path.join(folder, name);
  const enrol = ['enrol', '--url', plane.urls.enrol, '--token-file', '-', '--name', name, '--home', home];
  const enrolled = programs.start(enrol, {}, token);
  expect(await enrolled.ended, enrolled.output).toBe(0);
  const running = programs.start(['run', '--home', home]);
  return vi.waitFor(async () => {
    const { items } = await plane.client.call(api.agents.list);
    const found = items.find((agent) => agent.name === name && agent.connected);
    expect(found, running.output).toBeDefined();
    return found!;
  }, SLOW);
}

const keyFile = (name: string) =>
  JSON.parse(readFileSync(path.join(folder, name, 'sealing-key.json'), 'utf8')) as { privateKey: string };

async function casare(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const terminal = {
    ...{ interactive: false, colour: false },
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
  };
  const input = { interactive: false, read: () => Promise.resolve(CANARY), ask: () => Promise.reject(new Error('no')) };
  const env = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: path.join(folder, 'config') };
  const code = await runCli(['secrets', ...args], {
    terminal,
    env,
    signal: AbortSignal.timeout(60_000),
    exitCode: 0,
    input,
  });
  return { code, ...written };
}

async function fingerprintOf(name: string): Promise<string> {
  const shown = programs.start(['status', '--home', path.join(folder, name)]);
  await shown.ended;
  return /sha256:[0-9a-f]{64}/.exec(shown.output)![0];
}

/** A job that sends the secret to the site as a header. */
async function submit(name: string, agent?: string) {
  const port = (site.address() as AddressInfo).port;
  const body = `
document: { dsl: '1.0.3', namespace: sealed, name: ${name.toLowerCase()}, version: '1.0.0' }
use: { secrets: [${name}] }
do:
  - send:
      input: { from: '{ key: $secrets.${name} }' }
      call: http
      with: { method: get, endpoint: 'http://127.0.0.1:${port}/', headers: { x-key: '\${ .key }' } }
`;
  const { id } = await plane.client.call(api.workflows.push, { body, mediaType: 'application/yaml' });
  const job = await plane.client.call(api.jobs.submit, {
    body: { workflow: id, ...(agent === undefined ? {} : { agent }) },
  });
  return job.id;
}

const over = (id: string) =>
  vi.waitFor(async () => {
    const job = await plane.client.call(api.jobs.get, { params: { id } });
    expect(['succeeded', 'failed', 'needs_review', 'timed_out']).toContain(job.state);
    return job;
  }, SLOW);

/** Everything that whoever has the control plane has: all rows, and all files of its home. */
async function everything(): Promise<string> {
  const { db } = plane.database;
  const names = await db.query(tables());
  const rows = await Promise.all(names.map(({ name }) => db.query(dumpOf(name))));
  const files = readdirSync(plane.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = files.map((file) => readFileSync(path.join(file.parentPath, file.name)).toString('latin1'));
  return [...rows.flat().map(({ text }) => text ?? ''), ...contents].join('\n');
}

attack(
  46,
  'a whole dump of the database and the whole home of the control plane open no sealed secret; its agent does',
  [
    {
      file: 'control-plane/src/cli/seal-commands.ts',
      find: 'sealed: await sealTo(publicKey, { tenant, name, version, agentId }, content)',
      replace: "sealed: Buffer.from(JSON.stringify(content).padEnd(128)).toString('base64')",
    },
  ],
  async () => {
    const stored = await casare('seal', 'portal', '--agent', `press=${await fingerprintOf('press')}`);
    expect(stored.code, stored.err).toBe(0);
    // The control: it reaches the site by way of its agent alone, though both agents are free.
    const job = await over(await submit('portal'));
    expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
    expect(sent).toContain(CANARY);

    const dump = await everything();
    expect(dump).toContain('sealed_secret' in {} ? '' : 'press');
    const forms = [CANARY, Buffer.from(CANARY).toString('hex'), encodeURIComponent(CANARY)];
    for (const shift of ['', ' ', '  ']) {
      const inner = Buffer.from(`${shift}${CANARY}`).toString('base64').slice(4, -4);
      forms.push(inner);
    }
    for (const form of forms) expect(dump.includes(form), form).toBe(false);

    // Every text in it that could be a private key is tried, and so is that of the agent.
    const [{ sealed } = { sealed: '' }] = await plane.database.db.query(sealedText('portal', mine.id));
    const place = { tenant: 'default', name: 'portal', version: 1, agentId: mine.id };
    const candidates = new Set(dump.match(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g) ?? []);
    expect(candidates.size).toBeGreaterThan(0);
    for (const key of candidates) expect(await openSealed(key, place, sealed).catch(() => null)).toBeNull();
    const { privateKey } = keyFile('press');
    expect(dump).not.toContain(privateKey);
    expect(await openSealed(privateKey, place, sealed)).toMatchObject({ value: CANARY });
    expect(await openSealed(keyFile('other').privateKey, place, sealed)).toBeNull();
  },
);

attack(
  46,
  'a control plane that says a key of its own for an agent is refused where the secret is sealed',
  [
    {
      file: 'control-plane/src/cli/recipients.ts',
      find: "if (given !== null && given !== fingerprint) throw otherKey(agent, fingerprint, 'what was given');",
    },
    {
      file: 'control-plane/src/cli/recipients.ts',
      find: 'if (given === null && pin !== null && (pin.fingerprint !== fingerprint || pin.agentId !== agentId)) {',
      replace: 'if (given === undefined) {',
    },
    {
      file: 'control-plane/src/cli/recipients.ts',
      find: 'const reference = [agent, agentId].find((called) => pins.of(called)?.agentId === agentId);',
      replace: 'const reference = agent;',
    },
  ],
  async () => {
    const honest = await fingerprintOf('press');
    expect(await casare('seal', 'pinned', '--agent', `press=${honest}`)).toMatchObject({ code: 0 });
    const { publicKey: hostile } = await generateSealingKey();
    const [{ before } = { before: '' }] = await plane.database.db.query(swapKey(mine.id, hostile));
    const changed = expect.stringContaining('SEALING_KEY_CHANGED') as string;
    expect(await casare('seal', 'pinned', '--agent', `press=${honest}`)).toMatchObject({ code: 1, err: changed });
    expect(await casare('seal', 'pinned', '--agent', 'press')).toMatchObject({ code: 1, err: changed });
    expect(await casare('reseal', 'pinned')).toMatchObject({ code: 1, err: changed });
    await plane.database.db.query(swapKey(mine.id, before));

    // It adds itself to those that a secret is sealed to.
    const sealed = await sealTo(
      before,
      { tenant: 'default', name: 'pinned', version: 2, agentId: mine.id },
      { value: 'x', rules: {} },
    );
    const key = (await plane.client.call(api.secrets.sealingKeys, { query: { agent: 'other' } })).items[0]!.publicKey!;
    const all = [mine.id, other.id].map((agentId) => ({
      agentId,
      publicKey: agentId === mine.id ? before : key,
      sealed,
    }));
    await plane.client.call(api.secrets.seal, { params: { name: 'pinned' }, body: { version: 2, sealed: all } });
    expect(await casare('reseal', 'pinned')).toMatchObject({
      code: 1,
      err: expect.stringContaining('SEALING_KEY_UNKNOWN') as string,
    });
    expect(await casare('reseal', 'pinned', '--without', 'other')).toMatchObject({ code: 0 });
  },
);

attack(
  46,
  'a ciphertext in the place of another secret is refused by the agent, and rules are those that were sealed',
  [
    {
      file: 'shared/src/sealing/sealed.ts',
      find: "const parts = ['casare-sealed-secret-v1', tenant, name, String(version), agentId];",
      replace: "const parts = ['casare-sealed-secret-v1', tenant, String(version), agentId];",
    },
    {
      file: 'edge-agent/src/secrets/sealed-source.ts',
      find: 'secretRules: Object.fromEntries(opened.map(([name, { rules }]) => [name, rules])),',
    },
  ],
  async () => {
    sent = '';
    const to = `press=${await fingerprintOf('press')}`;
    expect(await casare('seal', 'strict', '--agent', to, '--origin', 'https://portal.example.com')).toMatchObject({
      code: 0,
    });
    expect(await casare('seal', 'loose', '--agent', to)).toMatchObject({ code: 0 });
    const ruled = await over(await submit('strict'));
    expect(ruled).toMatchObject({ state: 'failed', error: { code: 'SECRET_ORIGIN_REFUSED' } });
    await plane.database.db.execute(moveSealed('strict', 'loose', mine.id));
    const moved = await over(await submit('loose'));
    expect(moved).toMatchObject({ state: 'failed', error: { code: 'SECRET_SEALED_UNREADABLE' } });
    expect(sent).toBe('');
  },
);

attack(
  46,
  'an agent that it is not sealed to gets no job that uses it, and the job says why',
  [
    {
      file: 'control-plane/src/jobs/submit.service.ts',
      find: '...(sealed ?? []).map(secretLabel)',
      replace: '...[]',
    },
  ],
  async () => {
    expect(await casare('seal', 'bound', '--agent', `press=${await fingerprintOf('press')}`)).toMatchObject({
      code: 0,
    });
    const id = await submit('bound', other.id);
    const why = await plane.client.call(api.jobs.whyPending, { params: { id } });
    expect(why.agents.find((agent) => agent.id === other.id)).toMatchObject({ code: 'SECRET_NOT_SEALED' });
    expect(why.counts).toContainEqual({ code: 'SECRET_NOT_SEALED', agents: 1 });
    // Who may seals it to that agent too: the job goes on.
    const resealed = await casare('reseal', 'bound', '--agent', `other=${await fingerprintOf('other')}`);
    expect(resealed.code, resealed.err).toBe(0);
    expect(await over(id)).toMatchObject({ state: 'succeeded' });
  },
);
