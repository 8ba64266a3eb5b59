/**
 * Attacks 40 and 47: a control plane that insists. It is the real one, its database changed under it where it would refuse
 * itself; the agent is the real one with a policy.yaml of its own. Nothing but that policy stands between.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSigningKey, signWorkflow, type SigningKey } from '@casare/certs';
import { api } from '@casare/shared/api';
import type { SignatureEnvelope } from '@casare/shared/protocol';
import { embedSubWorkflows, normalise, parseWorkflow, type Workflow } from '@casare/shared/workflow';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { auditEntries, verifyAudit } from '../../edge-agent/src/audit/index.ts';
import { systemClock } from '../../edge-agent/src/clock.ts';
import { desktopPrograms, skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { agentHome, enrol } from '../../edge-agent/src/identity/index.ts';
import { type Agent, startAgent } from '../../edge-agent/src/service/index.ts';
import { freePorts } from '../support/ports.ts';
import { attack } from './attack.ts';

const JUDGE = 'edge-agent/src/policy/judge.ts';
const DECISION = 'edge-agent/src/policy/assignment.decision.ts';
const SIGNATURE = 'certs/src/workflow-signature.ts';
const STEPS = 'edge-agent/src/policy/step-policy.ts';

interface Signer {
  readonly key: SigningKey;
  readonly pem: string;
}
function signer(): Signer {
  const pair = generateKeyPairSync('ed25519');
  const key = readSigningKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  if (!key.ok) throw new Error(key.message);
  return { key: key.value, pem: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString() };
}
const [release, revoked, stranger] = [signer(), signer(), signer()];
const pinned = (id: string, { pem }: Signer) =>
  `  - { id: ${id}, who: Test, publicKey: "${pem.replaceAll('\n', '\\n')}" }\n`;

/** What signed, and what rules-only policies say; a sub-workflow may run in both. */
const SIGNED = `signed: required
keys:
${pinned('release', release)}${pinned('lost', revoked)}revokedKeys: [lost]
versions: { attack/versioned: '>=2.0.0' }
inputs: { attack/limited: { required: [amount], properties: { amount: { type: number, maximum: 100 } } } }
`;
const rulesFor = (port: number) => `steps: { forbid: [browser.close] }
workflows: { forbid: [attack/unwanted] }
domains: { allow: ['allowed.example', '*.allowed.example', '127.0.0.1:${port}'] }
applications: { allow: [/usr/bin/galculator] }
`;

const overwrite = sql<never, [name: string, document: string, signature: string | null]>(
  'attackOverwriteVersion',
  `UPDATE workflow_version SET document = coalesce($2::jsonb, document), signature = $3::jsonb
   WHERE namespace = 'attack' AND name = $1`,
);
let plane: TestControlPlane;
let folder: string;
let enrolUrl: string;
/** An allowed host that leads to itself under a name which is not allowed. */
let site: Server;
let sitePort: number;
let visited: string[] = [];
const agents: Agent[] = [];
beforeAll(async () => {
  const [enrolPort] = await freePorts(1);
  folder = mkdtempSync(path.join(tmpdir(), 'casare-attack-policy-'));
  plane = await startTestControlPlane({ CASARE_ENROL_PORT: String(enrolPort) });
  enrolUrl = `https://127.0.0.1:${enrolPort}`;
  site = createServer((request, response) => {
    visited.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
    const elsewhere = `http://localhost:${sitePort}/forbidden`;
    if (request.url === '/redirect') response.writeHead(302, { location: elsewhere }).end();
    else response.setHeader('content-type', 'text/html').end(`<h1>Here</h1><img src="${elsewhere}.png">`);
  });
  await new Promise<void>((resolve) => site.listen(0, resolve));
  sitePort = (site.address() as AddressInfo).port;
  await Promise.all([startPoliced('signed', SIGNED), startPoliced('rules', rulesFor(sitePort))]);
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await plane.close();
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** A real agent with this policy in its home. */
async function startPoliced(name: string, policy: string): Promise<void> {
  const home = agentHome(path.join(folder, name), {});
  const { token } = await plane.client.call(api.joinTokens.create, { body: { autoApprove: true } });
  await enrol({ home, url: enrolUrl, token, name, hostname: name, declared: [], now: Date.now });
  writeFileSync(path.join(home.root, 'policy.yaml'), policy, { mode: 0o600 });
  const agent = await startAgent({
    ...{ home, environment: process.env, clock: systemClock, random: Math.random, logLevel: 'debug' },
    ...{ slots: { plain: 4, browser: 1, desktop: 1 }, print: () => undefined },
  });
  agents.push(agent);
  await vi.waitFor(() => expect(agent.status().tunnel.state).toBe('live'), 20_000);
}

const SAY = 'say: { call: log, with: { message: ran } }';
const sourceOf = (name: string, tasks: readonly string[], version = '1.0.0') =>
  `document: { dsl: '1.0.3', namespace: attack, name: ${name}, version: '${version}' }\ndo: [${tasks.map((task) => `{ ${task} }`).join(', ')}]`;

/** As the control plane saves it. */
function documentOf(source: string, subs: ReadonlyMap<string, Workflow> = new Map()): Workflow {
  const parsed = parseWorkflow(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const whole = embedSubWorkflows(normalise(parsed.document), subs);
  if (!whole.ok) throw new Error(JSON.stringify(whole.findings));
  return whole.document;
}
async function push(source: string, by?: Signer): Promise<string> {
  const { id } = await plane.client.call(api.workflows.push, { body: source, mediaType: 'application/yaml' });
  if (by === undefined) return id;
  const detail = await plane.client.call(api.workflows.get, { params: { id } });
  const body = signWorkflow(detail.document as never, by.key);
  await plane.client.call(api.workflows.sign, { params: { id }, body });
  return id;
}
/** Puts into the database what the control plane itself would never take; before it has looked at the version. */
async function insist(name: string, document: Workflow | null, signature: SignatureEnvelope | null): Promise<void> {
  const texts = [document, signature].map((value) => (value === null ? null : JSON.stringify(value)));
  await plane.database.owner.execute(overwrite(name, texts[0] as string, texts[1]!));
}

/** How a job ends on an agent: its state and code, and how many of its steps did anything. */
async function outcome(workflow: string, agent: 'signed' | 'rules', input: unknown = {}) {
  const job = await plane.client.call(api.jobs.submit, { body: { workflow, agent, input: input as never } });
  const params = { id: job.id };
  const done = await vi.waitFor(async () => {
    const found = await plane.client.call(api.jobs.get, { params });
    expect(found.state).toMatch(/succeeded|failed|cancelled|timed_out|needs_review/);
    return found;
  }, 30_000);
  const steps = await plane.client.call(api.jobs.steps, { params, query: {} });
  return { state: done.state, code: done.error?.code ?? null, steps: steps.items.length };
}
/** What the agent's own log says of runs, which is whole. */
async function audited(agent: string) {
  const log = path.join(folder, agent, 'audit');
  await verifyAudit(log, null);
  const entries = [];
  for await (const { entry } of auditEntries(log)) if (entry.action.startsWith('run.')) entries.push(entry);
  return entries;
}
const refusedWith = (code: string) => ({ state: 'failed', code, steps: 0 });
const ran = (steps = 1) => ({ state: 'succeeded', code: null, steps });

attack(
  40,
  'a workflow signed by nobody, by a stranger or by a revoked key is refused by the agent',
  [
    { file: JUDGE, find: 'signatureRefusal(policy, assignment) ??' },
    { file: JUDGE, find: '(isRevoked ? split.revoked : split.trusted)', replace: 'split.trusted' },
    { file: SIGNATURE, find: 'if (signer === undefined) {', replace: 'if (signer === "") {' },
  ],
  async () => {
    expect(await outcome(await push(sourceOf('nobody', [SAY])), 'signed')).toEqual(
      refusedWith('POLICY_SIGNATURE_MISSING'),
    );
    expect(await outcome(await push(sourceOf('stranger', [SAY]), stranger), 'signed')).toEqual(
      refusedWith('POLICY_SIGNATURE_UNKNOWN'),
    );
    expect(await outcome(await push(sourceOf('revoked', [SAY]), revoked), 'signed')).toEqual(
      refusedWith('POLICY_SIGNATURE_REVOKED'),
    );
    expect(await outcome(await push(sourceOf('good', [SAY]), release), 'signed')).toEqual(ran());
    expect(await audited('signed')).toMatchObject([
      { action: 'run.refused', detail: { workflow: 'attack/nobody@1.0.0', code: 'POLICY_SIGNATURE_MISSING' } },
      { action: 'run.refused', detail: { code: 'POLICY_SIGNATURE_UNKNOWN' } },
      { action: 'run.refused', detail: { code: 'POLICY_SIGNATURE_REVOKED' } },
      {
        action: 'run.accepted',
        actor: expect.stringMatching(/^(key|account):/) as string,
        detail: {
          signedBy: 'release (Test)',
          steps: ['log'],
          policy: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      },
      { action: 'run.ended', detail: { ending: 'run.completed' } },
    ]);
  },
);

attack(
  40,
  'a workflow that was changed after it was signed, or carries the signature of another one, is refused by the agent',
  [
    {
      file: SIGNATURE,
      find: 'if (signed.sha256 === own.sha256) return accept(true);',
      replace: 'return accept(true);',
    },
    { file: SIGNATURE, find: 'if (signed?.name !== own.name) {', replace: 'if (signed === undefined) {' },
  ],
  async () => {
    const source = sourceOf('changed', [SAY]);
    const changed = await push(source);
    const evil = documentOf(sourceOf('changed', ["say: { call: log, with: { message: 'evil' } }"]));
    await insist('changed', evil, signWorkflow(documentOf(source), release.key));
    expect(await outcome(changed, 'signed')).toEqual(refusedWith('POLICY_SIGNATURE_CHANGED'));

    const sub = documentOf(sourceOf('sub', [SAY]));
    await push(sourceOf('sub', [SAY]));
    const run = "more: { run: { workflow: { namespace: attack, name: sub, version: '1.0.0' } } }";
    const holding = (held: Workflow, name: string) =>
      documentOf(sourceOf(name, [run]), new Map([['attack/sub@1.0.0', held]]));
    expect(await outcome(await push(sourceOf('whole', [run]), release), 'signed')).toMatchObject({
      state: 'succeeded',
    });
    const swapped = await push(sourceOf('swapped', [run]));
    await insist('swapped', holding({ ...sub, do: [] }, 'swapped'), signWorkflow(holding(sub, 'swapped'), release.key));
    expect(await outcome(swapped, 'signed')).toEqual(refusedWith('POLICY_SIGNATURE_CHANGED'));

    const borrowed = await push(sourceOf('borrowed', [SAY]));
    await insist('borrowed', null, signWorkflow(documentOf(source), release.key));
    expect(await outcome(borrowed, 'signed')).toEqual(refusedWith('POLICY_SIGNATURE_OTHER'));
  },
);

attack(
  40,
  'a forbidden step, workflow or host is refused by the agent before anything runs, in sub-workflows too',
  [
    { file: DECISION, find: '?? stepsRefusal(rules.steps, document)' },
    { file: DECISION, find: 'if (unwanted !== null) {', replace: 'if (unwanted === undefined) {' },
    { file: JUDGE, find: 'subWorkflowRefusal(policy, document) ??' },
    { file: JUDGE, find: 'domainRefusal(policy, document) ??' },
  ],
  async () => {
    const close = 'close: { call: browser.close }';
    expect(await outcome(await push(sourceOf('step', [close])), 'rules')).toEqual(refusedWith('POLICY_STEP_REFUSED'));
    await push(sourceOf('closing', [close]));
    const sub = "more: { run: { workflow: { namespace: attack, name: closing, version: '1.0.0' } } }";
    expect(await outcome(await push(sourceOf('hidden', [sub])), 'rules')).toEqual(refusedWith('POLICY_STEP_REFUSED'));
    expect(await outcome(await push(sourceOf('unwanted', [SAY])), 'rules')).toEqual(
      refusedWith('POLICY_WORKFLOW_REFUSED'),
    );
    const open = (url: string) => `open: { call: browser.open, with: { url: '${url}' } }`;
    for (const [index, url] of ['https://evil.example/', 'https://allowed.example@evil.example/'].entries()) {
      const id = await push(sourceOf(`host${index}`, [open(url)]));
      expect(await outcome(id, 'rules'), url).toEqual(refusedWith('POLICY_DOMAIN_REFUSED'));
    }
    expect(await outcome(await push(sourceOf('fine', [SAY])), 'rules')).toEqual(ran());
  },
);

attack(
  40,
  'a host that only the data names is refused when the step is about to go there',
  [{ file: STEPS, find: 'if (refused !== null) throw hostRefused(scheme, to, refused);' }],
  async () => {
    const where = "where: { set: { url: '${ .url }' } }";
    const open = "open: { call: browser.open, with: { url: '${ .url }' } }";
    const id = await push(sourceOf('dynamic', [where, open]));
    for (const url of ['https://evil.example/', 'http://127.0.0.1:1/', 'http://[::ffff:7f00:1]:1/']) {
      expect(await outcome(id, 'rules', { url }), url).toMatchObject({
        state: 'failed',
        code: 'POLICY_DOMAIN_REFUSED',
      });
    }
    // Allowed, and nothing is there.
    const allowed = await outcome(id, 'rules', { url: 'https://nothing.allowed.example:1/' });
    expect(allowed.code).not.toMatch(/^POLICY/);
  },
);

/** An allowed host is reached, and nothing that it leads to elsewhere. */
async function leadsNowhere(name: string, tasks: readonly string[]): Promise<void> {
  const id = await push(sourceOf(name, tasks));
  const base = `http://127.0.0.1:${sitePort}`;
  const ofForbidden = () => visited.filter((path) => path.startsWith('localhost'));
  visited = [];
  const refused = { state: 'failed', code: 'POLICY_DOMAIN_REFUSED' };
  expect(await outcome(id, 'rules', { url: `${base}/redirect` })).toMatchObject(refused);
  expect(visited).toContain(`127.0.0.1:${sitePort}/redirect`);
  expect(ofForbidden()).toEqual([]);
  // The control: the host itself is reached, and what its page wants from elsewhere is left out.
  expect(await outcome(id, 'rules', { url: `${base}/page` })).toMatchObject({ state: 'succeeded' });
  expect(visited).toContain(`127.0.0.1:${sitePort}/page`);
  expect(ofForbidden()).toEqual([]);
}

attack(
  40,
  'an allowed host that redirects to one that is not leads nowhere by http',
  [{ file: 'edge-agent/src/steps/http/exchange.ts', find: 'await context.policy.checkUrl(request.url.href);' }],
  () => leadsNowhere('byhttp', ["get: { call: http, with: { method: get, endpoint: '${ .url }', redirect: true } }"]),
);

attack(
  40,
  'an allowed host that redirects a browser to one that is not, or has its page load from it, leads nowhere',
  [{ file: 'edge-agent/src/browser/policy-proxy.ts', find: 'await check(url);' }],
  () =>
    leadsNowhere('bybrowser', [
      "open: { call: browser.open, with: { url: '${ .url }' } }",
      'look: { call: browser.text, with: { target: \'heading "Here"\' } }',
    ]),
);

const noDesktop = await desktopPrograms('galculator');
describe.skipIf(noDesktop !== null)(skipName('programs', noDesktop), () => {
  attack(
    40,
    'a program that the policy does not name is not started, behind a link and under an allowed name',
    [
      {
        file: 'edge-agent/src/steps/desktop/open.ts',
        find: 'await context.policy.checkApplication(found.real);',
      },
    ],
    async () => {
      const mark = path.join(folder, 'started');
      const evil = path.join(folder, 'galculator');
      writeFileSync(evil, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
      const open = "open: { call: desktop.open, with: { app: '${ .app }' } }";
      const id = await push(sourceOf('program', [open]));
      symlinkSync(evil, path.join(folder, 'link'));
      const refused = { state: 'failed', code: 'POLICY_APPLICATION_REFUSED' };
      expect(await outcome(id, 'rules', { app: path.join(folder, 'link') })).toMatchObject(refused);
      expect(existsSync(mark)).toBe(false);
      expect(await outcome(id, 'rules', { app: '/usr/bin/galculator' })).toMatchObject({ state: 'succeeded' });
    },
  );
});

attack(
  47,
  'an old signed version is refused by an agent whose policy names a least one',
  [{ file: DECISION, find: 'versionRefusal(rules.versions, key, version) ??' }],
  async () => {
    const old = await push(sourceOf('versioned', [SAY], '1.9.9'), release);
    const fresh = await push(sourceOf('versioned', [SAY], '2.0.0'), release);
    expect(await outcome(fresh, 'signed')).toEqual(ran());
    expect(await outcome(old, 'signed')).toEqual(refusedWith('POLICY_VERSION_REFUSED'));
  },
);

attack(
  47,
  'a signed workflow with another input than the policy allows is refused by the agent',
  [{ file: JUDGE, find: 'inputRefusal(policy, document, input)', replace: 'null' }],
  async () => {
    const id = await push(sourceOf('limited', [SAY]), release);
    expect(await outcome(id, 'signed', { amount: 100 })).toEqual(ran());
    for (const input of [{ amount: 101 }, { amount: '100' }, {}]) {
      expect(await outcome(id, 'signed', input)).toEqual(refusedWith('POLICY_INPUT_REFUSED'));
    }
  },
);
