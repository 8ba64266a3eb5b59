/**
 * What a newcomer gets wrong in documents, inputs, secrets, selectors and addresses: the command ends with its exit
 * code and one line that says what, why and what to do; nothing has to be started again afterwards.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { startPortal } from '../../docs/examples/supplier-portal/server.ts';
import { createTestPki } from '../../edge-agent/src/identity/pki-for-tests.ts';
import { casare, type Ran } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { freePorts } from '../support/ports.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { VaultForTests } from '../support/vault-for-tests.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack(new Gate(Infinity));
});
afterAll(() => stack.stop());

describe('a document that cannot be run', () => {
  it('broken YAML: the file, line and column', async () => {
    const file = await written(
      'broken',
      'document:\n  dsl: 1.0.3\ndo:\n  - a: { set: { x: 1 }\n  - b: { set: { y: 2 } }\n',
    );
    for (const command of [
      ['run', file, '--watch'],
      ['workflow', 'push', file],
    ]) {
      const ran = await casare(stack, ...command);
      expect(ran).toMatchObject({ code: 1, out: '' });
      expect(ran.err).toMatch(
        /^WORKFLOW_INVALID: \S*broken\.yaml is not a workflow .*line 5, column 3: .+ Correct it .*\n$/,
      );
    }
    const checked = await casare(stack, 'workflow', 'validate', file);
    expect(checked).toMatchObject({ code: 1, err: '' });
    expect(checked.out).toMatch(/broken\.yaml: not valid\n {2}line 5, column 3: /);
  });

  it.each([
    ['tabs', 'document:\n\tdsl: 1.0.3\n', /line 2, column 1: Tabs are not allowed/],
    ['nothing', '', /line 1, column 1: expected an object, found nothing/],
    [
      'an unknown step',
      plain('call: browser.clik'),
      /line 3, column \d+: there is no step `browser\.clik`; did you mean `browser\.click`\?/,
    ],
    [
      'an unknown task',
      plain('cal: browser.click'),
      /line 3, column \d+: there is no kind of task `cal`; did you mean `call`\?/,
    ],
    [
      'a selector that cannot be read',
      browser('with: { target: button Send }'),
      /line \d+, column \d+: bad selector: a name must be in double quotes/,
    ],
  ])('%s: where, and what was meant', async (_, text, line) => {
    const ran = await casare(stack, 'run', await written('wrong', text));
    expect(ran).toMatchObject({ code: 1, out: '', err: oneLine('WORKFLOW_INVALID') });
    expect(ran.err).toMatch(line);
  });

  it('a file or a workflow that is not there', async () => {
    const none = path.join(stack.home, 'none.yaml');
    expect(await casare(stack, 'run', none)).toEqual({
      code: 2,
      out: '',
      err: oneLine('USAGE', 'none.yaml does not exist'),
    });
    const unknown = await casare(stack, 'run', 'finance/none');
    expect(unknown).toEqual({ code: 4, out: '', err: oneLine('WORKFLOW_NOT_FOUND', 'casare workflow list') });
  });
});

describe('an input or a secret that is wrong', () => {
  it('an input that the schema refuses: each fault named, no job made', async () => {
    const file = await written('visit', visit('link "Next"'));
    const missing = await casare(stack, 'run', file, '--watch');
    expect(missing).toEqual({
      code: 1,
      out: '',
      err: oneLine('JOB_INPUT_INVALID', "must have required property 'url'. Correct"),
    });
    const wrong = await casare(stack, 'run', file, '-i', 'url=portal');
    expect(wrong).toEqual({
      code: 1,
      out: '',
      err: oneLine('JOB_INPUT_INVALID', 'input/url: must match format "uri". Correct'),
    });
    expect((await stack.client.call(api.jobs.list, { query: { workflow: 'test/visit' } })).items).toEqual([]);
  });

  it('a secret that is missing: the job fails at once; with the secret there, its retry succeeds', async () => {
    const secrets = path.join(stack.home, 'secrets.yaml');
    const before = await readFile(secrets, 'utf8');
    const document = visit('link "Next"').replaceAll('supplierPortal', 'otherPortal').replace('visit', 'secret');
    const ran = await watched(await written('secret', document), `url=${stack.portal.url}`);
    expect(ran).toMatchObject({ code: 5, job: { state: 'failed', error: { code: 'SECRET_MISSING' } } });
    expect(ran.err).toMatch(/^SECRET_MISSING: .*`otherPortal`.* `casare secrets set` .*retry the job\.$/m);
    await writeFile(secrets, before + before.replace('supplierPortal', 'otherPortal'));
    const again = await retried(ran.job);
    expect(again).toMatchObject({ state: 'succeeded', generation: 2, error: null });
  });

  it("a secret of the agent's own vault: the job has it, and nothing of the installation holds its value", async () => {
    const canary = 'canary-4711-of-the-vault';
    const pki = await createTestPki();
    const vault = await new VaultForTests(pki.gateway).start();
    try {
      vault.put('secret/premises', { password: canary });
      const at = (name: string): string => path.join(stack.home, 'agent', name);
      await writeFile(at('vault-ca.pem'), pki.serverRoot);
      await writeFile(at('vault-token'), vault.issue(), { mode: 0o600 });
      const auth = `{ method: token, tokenFile: ${at('vault-token')} }`;
      const providers = `{ corp: { kind: vault, address: '${vault.address}', caFile: ${at('vault-ca.pem')}, auth: ${auth} } }`;
      const settings = `providers: ${providers}\nsecrets: { premises: { provider: corp, field: password } }\n`;
      await writeFile(at('secret-providers.yaml'), settings, { mode: 0o600 });
      await stack.agent.end();
      await stack.startAgent();
      const document = { dsl: '1.0.3', namespace: 'test', name: 'premises', version: '1.0.0' };
      const tell = { input: { from: '$secrets.premises' }, call: 'log', with: { message: '${ "marked-4711 " + . }' } };
      const text = JSON.stringify({ document, use: { secrets: ['premises'] }, do: [{ tell }] });
      expect(await watched(await written('premises', text))).toMatchObject({ code: 0, job: { state: 'succeeded' } });
      // The record of the run is there, with something in the value's place.
      expect(await filesWith(stack.home, 'marked-4711 ***')).not.toEqual([]);
      for (const form of [canary, Buffer.from(canary).toString('base64')])
        expect(await filesWith(stack.home, form)).toEqual([]);
    } finally {
      await vault.stop();
    }
  });

  it('a secrets file that is no YAML fails the job and quotes nothing of it', async () => {
    const secrets = path.join(stack.home, 'secrets.yaml');
    const before = await readFile(secrets, 'utf8');
    try {
      await writeFile(secrets, 'supplierPortal: { username: "hunter2\n');
      const ran = await watched(await written('store', visit('link "Next"')), `url=${stack.portal.url}`);
      expect(ran).toMatchObject({ code: 5, job: { error: { code: 'SECRETS_FILE_INVALID' } } });
      expect(ran.err).toMatch(/^SECRETS_FILE_INVALID: \S*secrets\.yaml cannot be used: it is not YAML at line \d/m);
      expect(ran.err + JSON.stringify(ran.job)).not.toContain('hunter2');
    } finally {
      await writeFile(secrets, before);
    }
  });
});

describe('a selector that does not match one element', () => {
  it('none: the nearest are listed, and the first of them works', async () => {
    const ran = await watched(await written('none', visit('link "Nxt"')), `url=${stack.portal.url}`);
    expect(ran).toMatchObject({ code: 5, job: { state: 'failed', error: { code: 'SELECTOR_NO_MATCH' } } });
    expect(ran.err).toMatch(/^SELECTOR_NO_MATCH: link "Nxt" matches nothing on \S+\/invoices\. Nearest: link "Next"/m);
    expect(ran.err).toContain(`casare job retry ${ran.job.id}`);
    await expectWorks(offersOf(ran.job, /Nearest: (.*)$/)[0]!);
    const kinds = (await stack.files(ran.job.id)).map((file) => file.kind);
    expect(kinds).toEqual(expect.arrayContaining(['screenshot', 'trace', 'snapshot', 'network']));
  });

  it('three: each is offered by its name, and the first of them works', async () => {
    const ran = await watched(await written('three', visit('link /^(Next|1|2)$/')), `url=${stack.portal.url}`);
    expect(ran).toMatchObject({ code: 5, job: { state: 'failed', error: { code: 'SELECTOR_AMBIGUOUS' } } });
    expect(ran.err).toMatch(
      /^SELECTOR_AMBIGUOUS: link \/\^\(Next\|1\|2\)\$\/ matches 3 elements on \S+; choose one: /m,
    );
    const offers = offersOf(ran.job, /choose one: (.*)$/);
    expect(offers.sort()).toEqual(['link "1"', 'link "2"', 'link "Next"']);
    await expectWorks(offers[0]!);
  });
});

describe('a portal that is down', () => {
  it('fails the job naming the address; when it is back, a retry succeeds as a new generation', async () => {
    const [port] = (await freePorts(1)) as [number];
    const url = `http://127.0.0.1:${port}/`;
    const ran = await watched(await written('down', visit('link "Next"')), `url=${url}`);
    expect(ran).toMatchObject({ code: 5, job: { state: 'failed', generation: 1, error: { code: 'URL_UNREACHABLE' } } });
    expect(ran.err).toMatch(new RegExp(`^URL_UNREACHABLE: ${url} .*connection refused.*is the site running`, 'm'));
    const portal = await startPortal({ port, flaky: false });
    try {
      expect(await retried(ran.job)).toMatchObject({ state: 'succeeded', generation: 2, error: null });
    } finally {
      await portal.close();
    }
  });

  it('an address of the wrong kind is said so before a browser starts', async () => {
    const ran = await watched(await written('file', visit('link "Next"')), 'url=file:///etc/passwd');
    expect(ran).toMatchObject({ code: 5, job: { state: 'failed', artifacts: 0 } });
    expect(ran.err).toMatch(/with\.url: expected an http:\/\/ or https:\/\/ address/);
  });
});

it('a key, an address and a job that do not exist: the exit codes of the manual', async () => {
  const server = ['--url', stack.url, '--api-key', 'csk_wrong'];
  expect(await casare(stack, ...server, 'jobs')).toEqual({ code: 3, out: '', err: oneLine('AUTH_REQUIRED') });
  const [port] = (await freePorts(1)) as [number];
  const away = await casare(stack, '--url', `http://127.0.0.1:${port}`, '--api-key', 'k', 'jobs');
  expect(away).toEqual({ code: 1, out: '', err: oneLine('UNREACHABLE', `127.0.0.1:${port}`) });
  const job = await casare(stack, 'job', 'show', '0198a7c0-0000-7000-8000-000000000000');
  expect(job).toEqual({ code: 4, out: '', err: oneLine('JOB_NOT_FOUND', 'There is no job') });
});

/** A file of the home that holds `text`. */
async function written(name: string, text: string): Promise<string> {
  const file = path.join(stack.home, `${name}.yaml`);
  await writeFile(file, text);
  return file;
}

function plain(task: string): string {
  return `document: { dsl: '1.0.3', namespace: test, name: plain, version: '1.0.0' }\ndo:\n  - a: { ${task} }\n`;
}

function browser(rest: string): string {
  return plain(`call: 'browser.click:1.0.0@default', ${rest}`);
}

/** Signs in to the portal at the input's `url` and clicks the target. */
function visit(target: string): string {
  return `document: { dsl: '1.0.3', namespace: test, name: visit, version: '1.0.0' }
use: { secrets: [supplierPortal] }
input:
  schema: { document: { type: object, required: [url], properties: { url: { type: string, format: uri } } } }
do:
  - open: { call: 'browser.open:1.0.0@default', with: { url: '\${ .url }' } }
  - signIn:
      input: { from: '{ user: $secrets.supplierPortal.username, pass: $secrets.supplierPortal.password }' }
      do:
        - user:
            call: browser.fill:1.0.0@default
            with: { target: 'textbox "E-mail"', value: '\${ .user }' }
            output: { as: $input }
        - pass: { call: 'browser.fill:1.0.0@default', with: { target: 'textbox "Password"', value: '\${ .pass }' } }
        - submit: { call: 'browser.click:1.0.0@default', with: { target: 'button "Sign in"', expect: { visible: 'heading "Invoices"' } } }
  - use:
      timeout: { after: { seconds: 2 } }
      call: browser.click:1.0.0@default
      with: { target: ${JSON.stringify(target)} }
`;
}

/** Runs a file to its job's end; each text is a workflow of its own. */
async function watched(file: string, ...inputs: string[]): Promise<Ran & { job: Job }> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/name: \w+/, `name: ${path.basename(file, '.yaml')}`));
  const ran = await casare(stack, '-o', 'json', 'run', file, '--watch', ...inputs.flatMap((pair) => ['-i', pair]));
  return { ...ran, job: Job.parse(JSON.parse(ran.out)) };
}

async function retried(job: Job): Promise<Job> {
  const ran = await casare(stack, 'job', 'retry', job.id);
  expect(ran).toMatchObject({ code: 0, err: '' });
  return stack.over(job.id);
}

/** The selectors that a failure lists. */
function offersOf(job: Job, list: RegExp): string[] {
  return (list.exec(job.error?.detail ?? '')?.[1] ?? '').split(' | ');
}

let offers = 0;
async function expectWorks(target: string): Promise<void> {
  const ran = await watched(await written(`offer${(offers += 1)}`, visit(target)), `url=${stack.portal.url}`);
  expect(ran.job, target).toMatchObject({ state: 'succeeded', error: null });
}

/** One line that begins with the code and holds `part`. */
function oneLine(code: string, part = ''): string {
  const escaped = part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return expect.stringMatching(new RegExp(`^${code}: [^\\n]*${escaped}[^\\n]*\\n$`)) as string;
}

/** Files of the whole installation, database, logs and artifacts included, that hold this text. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) {
    // Postgres removes files while it works.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (bytes.includes(text)) found.push(path.relative(folder, file));
  }
  return found;
}
