/** `casare-agent run-local`, by its command line: real engine, real jq, files on a disk. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { RecordedSteps, RunRecord } from '@casare/shared/record';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { main } from '../cli/program.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-local-'));
  const files = {
    'top.yaml': `document: { dsl: '1.0.3', namespace: test, name: top, version: '1.0.0' }
do:
  - rows: { set: { rows: [1, 2] }, export: { as: . } }
  - each:
      for: { each: row, in: $context.rows }
      do:
        - part: { run: { workflow: { namespace: test, name: part, version: 1.0.0, input: { n: '\${ $row }' } } } }
  - check: { call: assert, with: { that: '\${ $workflow.input.ok == true }', message: not ok } }
  - last: { set: { done: '\${ $workflow.input.who }' } }
`,
    'part.yaml': `document: { dsl: '1.0.3', namespace: test, name: part, version: '1.0.0' }
do: [{ say: { call: log, with: { message: '\${ "part \\(.n)" }' } } }]
`,
    'wrong.yaml': `document: { dsl: '1.0.3', namespace: test, name: wrong, version: '1.0.0' }
do:
  - say: { call: lok, with: { message: hello } }
`,
    'alone.yaml': `document: { dsl: '1.0.3', namespace: test, name: alone, version: '1.0.0' }
do: [{ part: { run: { workflow: { namespace: test, name: gone, version: 1.0.0 } } } }]
`,
    'secret.yaml': `document: { dsl: '1.0.3', namespace: test, name: secret, version: '1.0.0' }
use: { secrets: [portal] }
do: [{ a: { input: { from: $secrets.portal }, call: log, with: { message: '\${ . }' }, output: { as: $input } } }]
`,
    'secrets.yaml': 'portal: hunter22\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly string[];
}
async function run(file: string, options: readonly string[] = [], answers?: readonly (string | null)[]): Promise<Ran> {
  const [out, err, asked, left] = [[] as string[], [] as string[], [] as string[], [...(answers ?? [])]];
  const ask = (question: string) => {
    asked.push(question);
    return Promise.resolve(left.shift() ?? null);
  };
  const argv = ['run-local', path.join(folder, file), '--home', path.join(folder, 'home'), ...options];
  const code = await main(argv, {
    environment: process.env,
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
    input: () => Promise.resolve(''),
    stopped: () => new Promise(() => undefined),
    terminal: { live: false, colour: false },
    ...(answers === undefined ? {} : { ask }),
  });
  return { code, out: out.join(''), err: err.join(''), asked };
}
const GOOD = ['--input', 'ok=true', '--input', 'who=Ada'];

describe('a run', () => {
  it('shows its steps as they stand in each other, and its output', async () => {
    const { code, out } = await run('top.yaml', GOOD);
    expect(out).toMatch(/^✓ rows .*\neach {2}for\n {2}part \[0\] {2}run\n {2}info: part 1\n {4}✓ say \[0\] {2}log/m);
    expect(out).toMatch(/✓ check {2}assert[^]*succeeded after [^]*"done": "Ada"/);
    expect(code).toBe(0);
  });

  it('is written down as one file, when asked: how it ended, its steps and log, for the viewer', async () => {
    const file = path.join(folder, 'run.zip');
    const { out } = await run('top.yaml', ['--record', file]);
    expect(out).toContain(`file  ${file}`);
    const zip = await openPromise(file, { autoClose: false });
    const files = new Map<string, string>();
    for await (const entry of zip.eachEntry()) {
      files.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
    }
    zip.close();
    expect([...files.keys()].slice(0, 5)).toEqual([
      ...['events.jsonl', 'cloud-events.jsonl', 'steps.json', 'log.jsonl', 'run.json'],
    ]);
    const told = files.get('cloud-events.jsonl')!.trimEnd().split('\n');
    expect(JSON.parse(told.at(-1)!)).toMatchObject({ type: 'io.serverlessworkflow.workflow.faulted.v1' });
    const record = RunRecord.parse(JSON.parse(files.get('run.json')!));
    expect(record).toMatchObject({
      writtenBy: 'casare-agent run-local',
      job: { state: 'failed', error: { code: 'ASSERTION_FAILED' }, workflow: { name: 'top' } },
      attempts: [{ attempt: 1, outcome: 'failed' }],
    });
    const steps = RecordedSteps.parse(JSON.parse(files.get('steps.json')!));
    expect(steps.find(({ name }) => name === 'check')).toMatchObject({ state: 'failed', input: { message: 'not ok' } });
    expect(files.get('log.jsonl')).toContain('part 1');
  });

  it('that fails says why and where, and ends with 5', async () => {
    const { code, out } = await run('top.yaml');
    expect(out).toMatch(
      /✗ check {2}assert .* not ok\n\nfailed after .*\nASSERTION_FAILED: not ok\nat \/do\/2\/check\n$/,
    );
    expect(code).toBe(5);
  });

  it('is one line of JSON for programs', async () => {
    const { out } = await run('top.yaml', [...GOOD, '--output', 'json']);
    expect(JSON.parse(out)).toMatchObject({ state: 'completed', output: { done: 'Ada' }, files: [] });
  });
});

describe('a document that cannot be run', () => {
  it('is shown with the line and the place that are wrong', async () => {
    const { code, err } = await run('wrong.yaml');
    expect(err).toMatch(
      /^WORKFLOW_INVALID: .*\n.*wrong\.yaml:3:18: there is no step `lok`; did you mean `log`\?\n {6}- say: \{ call: lok.*\n {21}\^\n$/,
    );
    expect(code).toBe(1);
  });

  it('is refused when a sub-workflow stands nowhere', async () => {
    expect((await run('alone.yaml')).err).toMatch(/alone\.yaml:2:.* there is no workflow `test\/gone@1\.0\.0`/);
  });

  it('that is not there is said by name', async () => {
    expect(await run('nothing.yaml')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^LOCAL_FILE_UNREADABLE: /) as string,
    });
  });
});

describe('secrets', () => {
  it('come from a file that nobody else can read, and are masked', async () => {
    const secrets = path.join(folder, 'secrets.yaml');
    expect((await run('secret.yaml')).err).toMatch(/^SECRET_MISSING: .*`portal`.*--secrets/);
    const { out, code } = await run('secret.yaml', ['--secrets', secrets]);
    expect([code, out]).toEqual([0, expect.stringContaining('info: ***') as string]);
    expect(out).not.toContain('hunter22');
    expect(out).toMatch(/✓ a .* \$secrets\.portal$/m);
    await chmod(secrets, 0o644);
    expect((await run('secret.yaml', ['--secrets', secrets])).err).toMatch(/^SECRETS_FILE_NOT_PRIVATE: /);
  });
});

describe('the policy of the machine', () => {
  it('refuses what it forbids before anything runs, and must be one that nobody else can change', async () => {
    const policy = path.join(folder, 'policy.yaml');
    const by = [...GOOD, '--policy', policy];
    await writeFile(policy, 'steps: { forbid: [log] }\n', { mode: 0o600 });
    expect(await run('top.yaml', by)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^POLICY_/) as string,
    });
    // What its author tries out is not signed yet.
    const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
    const signed = { signed: 'required', keys: [{ id: 'ops', who: 'operations', publicKey }] };
    await writeFile(policy, JSON.stringify(signed), { mode: 0o600 });
    expect(await run('top.yaml', by)).toMatchObject({ code: 0, err: '' });
    await chmod(policy, 0o666);
    expect((await run('top.yaml', by)).err).toMatch(/^POLICY_UNSAFE: /);
  });
});

describe('step by step', () => {
  it('asks before every step that acts, shows what it is called with, and goes on', async () => {
    const { out, asked, code } = await run('top.yaml', [...GOOD, '--step'], ['', 'i', 'x', 'c']);
    expect(asked.map((question) => question.split('  ')[0])).toEqual([
      'before say (log)',
      'before say (log)',
      'before say (log)',
      'before say (log)',
    ]);
    expect(out).toMatch(/\{"message":"part 2"\}\nEnter: this step/);
    expect(code).toBe(0);
  });

  it('asks at a breakpoint; whoever ends it there has done nothing more', async () => {
    const { out, asked, code } = await run('top.yaml', ['--break-at', 'check'], ['q']);
    expect(asked).toHaveLength(1);
    expect(out).toMatch(/stopped after .*\nended at a breakpoint\n$/);
    expect(code).toBe(5);
  });

  it('needs somebody to ask', async () => {
    expect(await run('top.yaml', ['--step'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^USAGE: .*terminal/) as string,
    });
  });
});

describe('going on in the last run', () => {
  it('begins at the task, with what was recorded before it and with the input of that run', async () => {
    expect((await run('top.yaml')).code).toBe(5);
    const { out } = await run('top.yaml', ['--from', 'check', '--input', 'ok=true']);
    expect(out).toContain('succeeded');
    expect((await run('top.yaml', ['--from', 'last'])).out).toMatch(/"done": null/);
  });

  it('is refused where there is none, or where that never came', async () => {
    expect((await run('part.yaml', ['--from', 'say'])).err).toMatch(/^LOCAL_RUN_UNKNOWN: .*no earlier run/);
    await run('part.yaml');
    expect(await run('part.yaml', ['--from', 'nowhere'])).toMatchObject({ code: 2 });
  });
});
