/** An agent that is set up by `agent.yaml` and a join token, as installers leave them. Real programs on both ends. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { api } from '@casare/shared/client';
import { casareAgent } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { startProgram } from '../support/program.ts';
import { startStack, type Stack, until } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => (stack = await startStack(new Gate(Infinity))));
afterAll(() => stack.stop());

/** A folder as an installer leaves it. */
async function installed(name: string, yaml: string, token?: string) {
  const folder = path.join(stack.home, name);
  const home = path.join(folder, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, 'agent.yaml'), yaml);
  if (token !== undefined) await writeFile(path.join(home, 'join-token'), `${token}\n`, { mode: 0o600 });
  const args = ['--home', home, '--config', path.join(folder, 'agent.yaml')];
  return { token: path.join(home, 'join-token'), log: path.join(folder, 'log'), args };
}

async function makeToken(): Promise<string> {
  return (await stack.client.call(api.joinTokens.create, { body: { autoApprove: true } })).token;
}

function run({ args, log }: { args: string[]; log: string }, env = stack.env) {
  return startProgram('edge-agent/dist/cli/main.js', ['run', ...args], env, log);
}

it('enrols at its first start, erases the token, and comes back as the same agent', async () => {
  const yaml = `url: ${stack.enrolUrl}\nname: from a file\nsite: hall-2\ntags: [line=4]\nslots: { plain: 3 }\n`;
  const agent = await installed('first', yaml, await makeToken());
  const started = run(agent);
  const found = await until('the agent', 60_000, async () => {
    const { items } = await stack.client.call(api.agents.list, {});
    return items.find(({ name, connected }) => name === 'from a file' && connected) ?? false;
  });
  expect(found).toMatchObject({ slots: { plain: 3 } });
  expect(JSON.stringify(found)).toMatch(/site=hall-2.*line=4/);
  expect(existsSync(agent.token)).toBe(false);
  expect((await casareAgent('healthcheck', ...agent.args)).code).toBe(0);
  const set = await casareAgent('network', 'set', '--proxy', 'none', ...agent.args);
  expect(set).toMatchObject({ code: 2, err: expect.stringMatching(/^USAGE: .*agent\.yaml/) as string });
  await started.end();
  expect(await started.ended).toBe(0);

  // whatever lies there later: an agent that has an identity keeps it
  await writeFile(agent.token, `${await makeToken()}\n`);
  const again = run(agent);
  const status = await until('its status', 30_000, async () => {
    const { code, out } = await casareAgent('status', '--output', 'json', ...agent.args);
    return code === 0 && out;
  });
  expect(JSON.parse(status)).toMatchObject({ agentId: found.id });
  expect(existsSync(agent.token)).toBe(false);
  await again.end();
});

it('a used token, and no token, end it with one line and the exit code that is not started again', async () => {
  const used = await makeToken();
  const first = await installed('uses', `url: ${stack.enrolUrl}\n`, used);
  const started = run(first);
  await started.line(/enrolled as /);
  await started.end();
  const second = await installed('late', `url: ${stack.enrolUrl}\n`, used);
  const refused = await casareAgent('run', ...second.args);
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/^WRONG_TOKEN: [^\n]*\n$/) as string });
  const third = await installed('none', `url: ${stack.enrolUrl}\n`);
  const none = await casareAgent('run', ...third.args);
  expect(none).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^NOT_ENROLLED: [^\n]*join-token[^\n]*\n$/) as string,
  });
});

it('a control plane that is not there yet is waited for; the environment goes over the file', async () => {
  const agent = await installed('early', 'url: https://127.0.0.1:1\nname: patient\n', await makeToken());
  const alone = run(agent);
  await alone.line(/UNREACHABLE: 127\.0\.0\.1:1 .*next try in \d+ s/);
  await alone.end();
  expect(await alone.ended).toBe(0);
  const overruled = run(agent, { ...stack.env, CASARE_AGENT_URL: stack.enrolUrl });
  await overruled.line(/enrolled as patient/);
  await overruled.end();
});

it('all faults of the file are told together, and nothing is done', async () => {
  const agent = await installed('faulty', 'urll: x\nslots: { plain: many }\n', await makeToken());
  const told = await casareAgent('run', ...agent.args);
  expect(told.code).toBe(2);
  const lines = told.err.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^CONFIG_INVALID: .*agent\.yaml has 2 faults/);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/agent\.yaml:1:1: there is no `urll` here; did you mean `url`\?/),
    expect.stringMatching(/agent\.yaml:2:17: expected .*number.*found a text/),
  ]);
  expect(existsSync(agent.token)).toBe(true);
  expect(await casareAgent('doctor', ...agent.args)).toMatchObject({ code: 2, err: told.err });
});
