/**
 * The Windows service of the agent in a test's Wine: the real host, built of its sources, a real node.exe, and in place of
 * the agent a script that does what the test says (`windows-service-child.mjs`). Folders have blanks and umlauts.
 */
import { cp, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { Wine } from './wine.ts';

export const SERVICE = 'CasareAgent';
const runSchema = z.object({
  pid: z.number(),
  arguments: z.array(z.string()),
  folder: z.string(),
  nodeOptions: z.string().nullable(),
});

/** What the script does. */
export type ChildMode = 'serves' | 'ignores' | 'talks' | `fails ${number}`;

export interface WindowsService {
  /** Where the host and Node are, and the agent's data: on Linux. */
  readonly folder: string;
  readonly home: string;
  start(): Promise<void>;
  /** Asks it to stop, and does not wait for it. */
  stop(): Promise<void>;
  /** What the service manager knows. */
  state(): Promise<{ state: string; exitCode: number; checkpoint: number }>;
  /** Resolves when it is in this state. */
  reaches(state: 'RUNNING' | 'STOP_PENDING' | 'STOPPED'): Promise<void>;
  /** Each run of the script, oldest first. */
  runs(): Promise<z.infer<typeof runSchema>[]>;
  behaves(mode: ChildMode): Promise<void>;
  /** logs\agent.log, or an older one. */
  log(number?: number): Promise<string>;
  /** Numbers on Linux of the processes whose command line has this text. */
  pids(text: string): number[];
  remove(): Promise<void>;
}

/** Creates the service, stopped. `program` is a folder with the host and Node, and with the agent where `mode` is null. */
export async function createService(
  wine: Wine,
  program: string,
  mode: ChildMode | null,
  options: readonly string[],
): Promise<WindowsService> {
  const folder = path.join(wine.prefix, 'drive_c', 'Program Files', 'Casare Größe Ж', 'Agent');
  const home = path.join(wine.prefix, 'drive_c', 'ProgramData', 'Daten für Casare');
  await mkdir(home, { recursive: true });
  await cp(program, folder, { recursive: true });
  if (mode !== null) {
    await copyFile(path.join(import.meta.dirname, 'windows-service-child.mjs'), path.join(folder, 'casare-agent.mjs'));
    await writeFile(path.join(home, 'mode'), mode);
  }
  const host = `"${wine.path(folder)}\\casare-agent-host.exe"`;
  const command = [host, '--home', `"${wine.path(home)}"`, ...options].join(' ');
  await sc(wine, 'create', SERVICE, 'binpath=', command, 'start=', 'demand');
  return new Service(wine, folder, home);
}

class Service implements WindowsService {
  readonly #wine: Wine;
  readonly folder: string;
  readonly home: string;

  constructor(wine: Wine, folder: string, home: string) {
    this.#wine = wine;
    this.folder = folder;
    this.home = home;
  }

  async start(): Promise<void> {
    await sc(this.#wine, 'start', SERVICE);
  }

  async stop(): Promise<void> {
    await sc(this.#wine, 'stop', SERVICE);
  }

  async state(): ReturnType<WindowsService['state']> {
    const text = await sc(this.#wine, 'query', SERVICE);
    const [, state] = /STATE +: \d+ +(\w+)/.exec(text) ?? [];
    const [, exitCode] = /WIN32_EXIT_CODE +: (\d+)/.exec(text) ?? [];
    const [, checkpoint] = /CHECKPOINT +: (0x[\da-f]+)/i.exec(text) ?? [];
    if (state === undefined) throw new Error(`sc query said: ${text}`);
    return { state, exitCode: Number(exitCode), checkpoint: Number(checkpoint) };
  }

  async reaches(state: string): Promise<void> {
    // Also before a suite's first test, where nothing can be polled.
    await vi.waitFor(async () => expect(await this.state()).toMatchObject({ state }), { timeout: 30_000 });
  }

  async runs(): Promise<z.infer<typeof runSchema>[]> {
    const text = await readFile(path.join(this.home, 'runs'), 'utf8').catch(() => '');
    const whole = text.split('\n').slice(0, -1);
    return whole.map((line) => runSchema.parse(JSON.parse(line)));
  }

  async behaves(mode: ChildMode): Promise<void> {
    await writeFile(path.join(this.home, 'mode'), mode);
  }

  log(number?: number): Promise<string> {
    const name = number === undefined ? 'agent.log' : `agent.${number}.log`;
    return readFile(path.join(this.home, 'logs', name), 'utf8').catch(() => '');
  }

  pids(text: string): number[] {
    return this.#wine
      .processes()
      .filter(({ command }) => command.includes(text))
      .map(({ pid }) => pid);
  }

  async remove(): Promise<void> {
    if ((await this.state()).state === 'RUNNING') await this.stop();
    await writeFile(path.join(this.home, 'may-end'), '');
    await this.reaches('STOPPED');
    await sc(this.#wine, 'delete', SERVICE);
    await rm(this.home, { recursive: true });
    await rm(this.folder, { recursive: true });
  }
}

async function sc(wine: Wine, ...args: string[]): Promise<string> {
  const { code, stdout } = await wine.run('sc.exe', args);
  if (code !== 0) throw new Error(`sc ${args.join(' ')} ended with ${code}: ${stdout}`);
  return stdout;
}
