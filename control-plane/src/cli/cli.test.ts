/** The `casare` command against a running control plane. */
import { WorkflowVersion, type Step } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { appendLive } from '../live/index.ts';
import { sql } from '../platform/database/index.ts';
import { cliOfTests } from './testing.ts';

const WORKFLOW = `document: { dsl: '1.0.3', namespace: test, name: hello, version: '1.0.0' }
do:
  - greet:
      set: { text: hello }
`;
const insertStep = sql<never, [job: string, name: string]>(
  'testInsertStep',
  `INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, effect, state, started_at, duration_ms)
   VALUES ('default', $1, 1, 1, '/do/0/a', '/do/0/a', $2, 'set', 'idempotent', 'completed', now(), 1200)`,
);

const cli = cliOfTests();
let file: string;
beforeAll(async () => {
  file = cli.at('hello.yaml');
  await writeFile(file, WORKFLOW);
});

/** `written` is seen by whoever watches the command. */
const casare = (args: string[], env: Record<string, string> = {}, written = { out: '', err: '' }) =>
  cli.run(args, { env, written });

describe('exit codes', () => {
  test.each([
    [['--help'], 0],
    [['--version'], 0],
    [['nonsense'], 2],
    [['jobs', '--state', 'nonsense'], 2],
    [['run', '/nonexistent.yaml'], 2],
    [['jobs', '--output', 'xml'], 2],
    [['jobs'], 0],
    [['run', 'test/none'], 4],
    [['job', 'show', '0198a7c0-0000-7000-8000-000000000000'], 4],
    [['job', 'show', 'nr-1'], 1],
  ])('%j ends with %i', async (args, code) => {
    const ran = await casare(args);
    expect(ran.code, ran.err).toBe(code);
    if (code !== 0) expect(ran.err).not.toBe('');
    else expect(ran.out).not.toBe('');
  });

  test('a wrong key or a role without the right is 3, a server that is away 1, nowhere to go 2', async () => {
    const env = { CASARE_URL: cli.plane.url };
    expect((await casare(['jobs'], { ...env, CASARE_API_KEY: 'csk_wrong' })).code).toBe(3);
    expect((await casare(['run', file], { ...env, CASARE_API_KEY: await cli.plane.keyOf('viewer') })).code).toBe(3);
    expect((await casare(['jobs', '--url', 'http://127.0.0.1:1', '--api-key', 'k'])).err).toMatch(/^UNREACHABLE: /);
    expect((await casare(['jobs'], { CASARE_HOME: cli.at('empty') })).code).toBe(2);
  });
});

describe('workflows', () => {
  test('push, list and validate; JSON is parsable, tables are for people', async () => {
    const pushed = await casare(['workflow', 'push', file, '--output', 'json']);
    expect(WorkflowVersion.parse(JSON.parse(pushed.out))).toMatchObject({ name: 'hello' });
    expect((await casare(['workflow', 'list'])).out).toMatch(
      /^WORKFLOW +VERSION +NEEDS .*\ntest\/hello +1\.0\.0 +plain /,
    );
    const { out } = await casare(['workflow', 'schema']);
    expect(JSON.parse(out)).toMatchObject({ required: ['document', 'do'] });
    expect(await casare(['workflow', 'validate', file])).toMatchObject({ code: 0, out: `${file}: valid\n` });
  });

  test('problems are named by line and column', async () => {
    const broken = cli.at('broken.yaml');
    await writeFile(broken, WORKFLOW.replace('set: { text: hello }', 'call: browser.clik'));
    const checked = await casare(['workflow', 'validate', broken]);
    expect(checked.code).toBe(1);
    expect(checked.out).toMatch(/line 4, column \d+: .*browser\.click/);
    const pushed = await casare(['workflow', 'push', broken]);
    expect(pushed.code).toBe(1);
    expect(pushed.err).toMatch(/^WORKFLOW_INVALID: \S*broken\.yaml is .* line 4, column \d+: .*browser\.click.*\n$/);
    // One line while there is one problem, else a line for each.
    await writeFile(broken, `${WORKFLOW}  - more: { call: browser.opn }\n  - most: { call: browser.opn }\n`);
    const several = await casare(['run', broken]);
    expect(several.err).toMatch(/^WORKFLOW_INVALID: .*\n {2}line 5, .*\n {2}line 6, .*\n$/);
  });
});

describe('tokens', () => {
  test('create says who may use it; one that is too powerful is refused with what to do', async () => {
    const given = ['--uses', '50', '--auto-approve', '--ephemeral'];
    const refused = await casare(['token', 'create', ...given]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^TOKEN_TOO_POWERFUL: .*Name the hosts or networks/);
    const made = await casare([
      'token',
      'create',
      ...given,
      '--host',
      'vdi-*',
      '--host',
      'ci-?',
      '--network',
      '10.0.0.0/8',
    ]);
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^casare_/)]);
    const { items } = await cli.plane.client.call(api.joinTokens.list, { query: {} });
    expect(items[0]).toMatchObject({
      usesLeft: 50,
      hosts: ['vdi-*', 'ci-?'],
      networks: ['10.0.0.0/8'],
      ephemeral: true,
    });
  });
});

describe('running', () => {
  test('run saves the file, submits with inputs, and names the job; why says what it waits for', async () => {
    const ran = await casare(['run', file, '--input', 'month=2026-10', '--input', 'count=3', '-o', 'json']);
    const job = JSON.parse(ran.out) as { id: string; input: unknown };
    expect(job.input).toEqual({ month: '2026-10', count: 3 });
    expect((await casare(['jobs', '--state', 'pending'])).out).toContain(job.id);
    expect((await casare(['job', 'why', job.id])).code).toBe(0);
    expect((await casare(['job', 'cancel', job.id])).out).toMatch(/state +cancelled/);
    expect((await casare(['job', 'show', job.id, '-o', 'json'])).out).toContain('"steps": []');
  });

  test('--watch shows each step once, whether it came before or live, and ends as the job ended', async () => {
    const written = { out: '', err: '' };
    const running = casare(['run', file, '--watch'], {}, written);
    const jobId = await vi.waitFor(() => {
      expect(written.err).toMatch(/^job [0-9a-f-]{36}\n/);
      return written.err.slice(4, 40);
    });
    await vi.waitFor(() => expect(written.err).toContain('job pending'));
    const at = new Date().toISOString();
    const step: Step = {
      ...{ attempt: 1, seq: 2, path: '/do/1/b', position: '/do/1/b', name: 'evil \u001b[2J', task: 'set', call: null },
      ...{ effect: 'idempotent', state: 'failed', startedAt: at, endedAt: at, durationMs: 10, output: null },
      error: { type: 'urn:x', status: 500, detail: 'it broke' },
    };
    const event = { type: 'step.changed', at, jobId, step } as const;
    const twice = [event, event].map((repeated) => ({ tenant: 'default', event: repeated }));
    await appendLive(cli.plane.database.db, twice);
    await vi.waitFor(() => expect(written.err).toContain('✗ evil \\u001b[2J 0.0 s: it broke\n'), 10_000);
    await cli.plane.database.db.execute(insertStep(jobId, 'greet'));
    await cli.plane.client.call(api.jobs.cancel, { params: { id: jobId } });
    const { code } = await running;
    expect(code).toBe(5);
    expect(written.err.match(/✗ evil/g)).toHaveLength(1);
    expect(written.err).toContain('✓ greet 1.2 s\n');
    expect(written.err).toContain('job cancelled\n');
    expect(written.out).toMatch(/state +cancelled/);
  });

  test('--timeout stops watching, the job goes on', async () => {
    const ran = await casare(['run', 'test/hello', '--watch', '--timeout', '1']);
    expect(ran.code).toBe(7);
    expect(ran.err).toContain('the job goes on');
  });
});

describe('login', () => {
  test('saves what was given, privately; the key goes to no other address', async () => {
    const config = { XDG_CONFIG_HOME: cli.at('login'), CASARE_HOME: cli.at('empty') };
    const { url, apiKey } = cli.plane.admin;
    expect((await casare(['login', '--url', url, '--api-key', apiKey], config)).code).toBe(0);
    const saved = path.join(cli.dir, 'login', 'casare', 'login.json');
    expect(JSON.parse(await readFile(saved, 'utf8'))).toEqual({ url, apiKey });
    expect((await stat(saved)).mode & 0o777).toBe(0o600);
    expect((await casare(['jobs'], config)).code).toBe(0);
    const elsewhere = await casare(['jobs', '--url', 'http://127.0.0.1:1'], config);
    expect([elsewhere.code, elsewhere.err]).toEqual([2, expect.stringContaining('No API key is known for')]);
  });

  test('--link signs in once', async () => {
    const link = (await casare(['login', '--link'])).out.trim();
    const code = new URL(link).hash.replace('#code=', '');
    expect(await cli.plane.client.call(api.auth.login, { body: { code } })).toMatchObject({ role: 'owner' });
  });
});
