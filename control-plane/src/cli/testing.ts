/** For tests: the `casare` command in this process, with what it wrote, against a control plane of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { runCli } from './program.ts';
import type { SecretInput } from './secret-input.ts';

/** What a command came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How a command is run otherwise than by this machine's owner, who types nothing. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: SecretInput;
  /** Grows while the command writes, for whoever watches it. */
  readonly written?: { out: string; err: string };
}

/** A command on no terminal. */
export async function ran(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, input, written = { out: '', err: '' } } = options;
  const terminal = {
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
    ...{ interactive: false, colour: false },
  };
  const around = { terminal, env, signal: new AbortController().signal, exitCode: 0 };
  const code = await runCli([...args], input === undefined ? around : { ...around, input });
  return { code, ...written };
}

export interface TestCli {
  readonly plane: TestControlPlane;
  /** A folder of the test. */
  readonly dir: string;
  /** In that folder. */
  at(name: string): string;
  /** As this machine's owner unless `env` says otherwise. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  close(): Promise<void>;
}

/** Starts a control plane; `env` goes over the test's own environment of it. */
async function startTestCli(env: Record<string, string> = {}): Promise<TestCli> {
  const plane = await startTestControlPlane(env);
  const dir = await mkdtemp(path.join(tmpdir(), 'casare-cli-'));
  const at = (name: string) => path.join(dir, name);
  const own = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: at('config') };
  return {
    ...{ plane, dir, at },
    run: (args, options = {}) => ran(args, { ...options, env: { ...own, ...options.env } }),
    async close() {
      await plane.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The command line of a test file: there before its tests, and gone after them. */
export function cliOfTests(env: Record<string, string> = {}): Omit<TestCli, 'close'> {
  let cli: TestCli;
  beforeAll(async () => {
    cli = await startTestCli(env);
  });
  afterAll(() => cli.close());
  return {
    get plane() {
      return cli.plane;
    },
    get dir() {
      return cli.dir;
    },
    at: (name) => cli.at(name),
    run: (args, options) => cli.run(args, options),
  };
}
