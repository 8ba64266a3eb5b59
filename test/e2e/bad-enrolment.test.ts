/**
 * What can be wrong when an agent joins: its token, its address, its home, its approval. One line says what to do;
 * every token that is not good gets the same answer, so that nobody learns which part of it was right.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { casare, casareAgent, type Ran } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { freePorts } from '../support/ports.ts';
import { startProgram } from '../support/program.ts';
import { startStack, until, type Stack } from '../support/stack.ts';

const WRONG_TOKEN =
  'WRONG_TOKEN: the join token is wrong, used, expired or revoked: make a new one with casare token create\n';
const REFUSED: Ran = { code: 3, out: '', err: WRONG_TOKEN };

let stack: Stack;
let short: { id: string; token: string };
beforeAll(async () => {
  stack = await startStack(new Gate(Infinity));
  // Its end comes while the other tests run.
  short = await stack.client.call(api.joinTokens.create, { body: { ttlSeconds: 10 } });
});
afterAll(() => stack.stop());

describe('a join token that is not good', () => {
  it('wrong, used and revoked all get the same answer, and make no agent', async () => {
    const before = await agents();
    const good = await token();
    // Another secret of the right form, under the same pin.
    const [, secret, pin] = good.token.split('.') as [string, string, string];
    const other = [good.token.split('.')[0], [...secret].reverse().join(''), pin].join('.');
    expect(await enrol('wrong', other)).toEqual(REFUSED);

    expect(await enrol('used', good.token)).toMatchObject({ code: 0, err: '' });
    expect(await enrol('again', good.token)).toEqual(REFUSED);

    const revoked = await token();
    await stack.client.call(api.joinTokens.revoke, { params: { id: revoked.id } });
    expect(await enrol('revoked', revoked.token)).toEqual(REFUSED);

    expect((await agents()).length).toBe(before.length + 1);
  });

  it('cut off or for another control plane: said before anything is sent', async () => {
    const { token: text } = await token();
    const cut = await enrol('cut', text.slice(0, 40));
    expect(cut).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(/^JOIN_TOKEN_MALFORMED: .*copy.*\n$/) as string,
    });
    const pin = text.split('.')[2]!;
    const elsewhere = await enrol('elsewhere', text.replace(pin, [...pin].reverse().join('')));
    expect(elsewhere).toMatchObject({ code: 1, out: '' });
    expect(elsewhere.err).toMatch(/^TLS_INTERCEPTED: .* not the control plane of this token.*Casare server CA.*\n$/);
    // Neither used it up.
    expect(await enrol('whole', text)).toMatchObject({ code: 0 });
  });
});

describe('an address or a home that is not right', () => {
  it('nobody there, the console instead, no https', async () => {
    const { token: text } = await token();
    const [port] = (await freePorts(1)) as [number];
    const nobody = await enrol('address', text, `https://127.0.0.1:${port}`);
    expect(nobody).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^UNREACHABLE: .*ECONNREFUSED.*\n$/) as string,
    });
    const web = await enrol('address', text, stack.url.replace('http:', 'https:'));
    expect(web).toMatchObject({ code: 1, err: expect.stringMatching(/^UNREACHABLE: .*not speak TLS.*\n$/) as string });
    const plain = await enrol('address', text, stack.enrolUrl.replace('https:', 'http:'));
    expect(plain).toMatchObject({ code: 2, err: expect.stringMatching(/^USAGE: .*https:\/\/.*\n$/) as string });
    expect(await enrol('address', text)).toMatchObject({ code: 0, err: '' });
  });

  it('a home that holds an agent keeps it, and the token stays good', async () => {
    const { token: text } = await token();
    const home = path.join(stack.home, 'agent');
    const ran = await casareAgent('enrol', '--url', stack.enrolUrl, '--token', text, '--home', home);
    expect(ran).toEqual({ code: 1, out: '', err: expect.stringMatching(/^ALREADY_ENROLLED: .*--home.*\n$/) as string });
    expect((await casareAgent('status', '--home', home)).code).toBe(0);
    expect(await enrol('elsewhere2', text)).toMatchObject({ code: 0 });
  });

  it.runIf(process.platform === 'linux')('a home where nothing can be made is refused and does not hang', async () => {
    const { token: text } = await token();
    const ran = await casareAgent('enrol', '--url', stack.enrolUrl, '--token', text, '--home', '/proc/casare/agent');
    expect(ran).toEqual({ code: 1, out: '', err: expect.stringMatching(/^HOME_UNWRITABLE: .*--home\n$/) as string });
  });

  it('an agent that was never enrolled does not run, and says how to enrol', async () => {
    const ran = await casareAgent('run', '--home', path.join(stack.home, 'never'));
    expect(ran).toEqual({
      code: 3,
      out: '',
      err: expect.stringMatching(/^NOT_ENROLLED: .*casare-agent enrol.*\n$/) as string,
    });
    const second = await casareAgent('run', '--home', path.join(stack.home, 'agent'));
    expect(second).toEqual({ code: 1, out: '', err: expect.stringMatching(/^AGENT_RUNNING: .*\n$/) as string });
  });
});

describe('an agent that nobody has approved', () => {
  it('gets no job and why says so; once approved it runs the job that waits', async () => {
    const made = await casare(stack, '-o', 'json', 'token', 'create', '--tag', 'room=lab');
    const { token: text } = JSON.parse(made.out) as { token: string };
    const enrolled = await enrol('pending', text);
    expect(enrolled.out).toContain('a person must approve this agent');
    const home = path.join(stack.home, 'pending');
    const program = startProgram('edge-agent/dist/cli/main.js', ['run', '--home', home], process.env, `${home}.log`);
    try {
      const agent = await until('the agent', 30_000, async () => {
        return (await agents()).find((found) => found.name === 'pending' && found.connected) ?? false;
      });
      expect(agent.state).toBe('pending');
      const job = await submitPlain(['room=lab']);
      const why = await casare(stack, 'job', 'why', job.id);
      expect(why.out).toMatch(/^None of \d+ agents can run it\.\n[^]*^pending +NOT_APPROVED +waits for approval/m);
      expect(await stack.client.call(api.jobs.get, { params: { id: job.id } })).toMatchObject({
        state: 'pending',
        attempt: 0,
      });
      expect(await casare(stack, 'agent', 'approve', agent.id)).toMatchObject({ code: 0 });
      expect(await stack.over(job.id)).toMatchObject({ state: 'succeeded', agent: { id: agent.id }, attempt: 1 });
    } finally {
      await program.end();
    }
  });
});

describe('doctor', () => {
  it('finds nothing wrong with an agent that works', async () => {
    const ran = await casareAgent('doctor', '--home', path.join(stack.home, 'agent'), '--output', 'json');
    expect(ran.code, ran.out).toBe(0);
    const { checks } = JSON.parse(ran.out) as { checks: { name: string; result: string; found: string }[] };
    expect(checks.filter(({ result }) => result === 'failed')).toEqual([]);
    for (const name of ['identity', 'clock', 'tunnel', 'agent process']) {
      expect(checks.find((check) => check.name === name)).toMatchObject({ result: 'ok' });
    }
  });

  it('with the control plane down it names the address that does not answer, and exits 1', async () => {
    await stack.controlPlane.end();
    try {
      const ran = await casareAgent('doctor', '--home', path.join(stack.home, 'agent'));
      expect(ran).toMatchObject({ code: 1, err: '' });
      // The relay before the control plane still takes connections, and resets them.
      expect(ran.out).toMatch(/^tunnel +failed +UNREACHABLE +127\.0\.0\.1:\d+ cannot be reached .+check the URL/m);
      expect(ran.out).toMatch(/^identity +ok /m);
    } finally {
      await stack.startControlPlane();
    }
  });
});

it('a token that has expired gets that answer too', async () => {
  await until('the end of the token', 20_000, async () => {
    const { items } = await stack.client.call(api.joinTokens.list, { query: { limit: 200 } });
    return items.find(({ id }) => id === short.id)?.state === 'expired';
  });
  expect(await enrol('expired', short.token)).toEqual(REFUSED);
});

async function agents() {
  return (await stack.client.call(api.agents.list, { query: { limit: 200 } })).items;
}

function token() {
  return stack.client.call(api.joinTokens.create, { body: {} });
}

/** Enrols into a fresh home of that name. */
async function enrol(name: string, text: string, url = stack.enrolUrl): Promise<Ran> {
  const home = path.join(stack.home, name);
  await rm(home, { recursive: true, force: true });
  return casareAgent('enrol', '--url', url, '--token', text, '--home', home, '--name', name);
}

async function submitPlain(requires: string[]): Promise<Job> {
  const body = `document: { dsl: '1.0.3', namespace: test, name: plain, version: '1.0.0' }\ndo:\n  - a: { set: { x: 1 } }\n`;
  const { id } = await stack.client.call(api.workflows.push, { body, mediaType: 'application/yaml' });
  return stack.client.call(api.jobs.submit, { body: { workflow: id, requires } });
}
