/** The agent as Windows gets it, in a folder of a test's Wine, and what people do with it there. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AGENT_FILE, makeAgent } from '../../installer/bundle/agent.ts';
import { TARGETS } from '../../installer/bundle/target.ts';
import { ROOT } from './program.ts';
import type { Wine, WineProgram, WineResult } from './wine.ts';

const COMMAND_MS = 120_000;
/** Node for Windows cannot open a pipe of Linux as its standard input, and some packages do at once: it gets none. */
const WITHOUT_INPUT = `require('node:child_process')
  .spawn(process.execPath, process.argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] })
  .on('exit', (code) => process.exit(code ?? 1));`;

export interface WindowsAgent {
  /** The folder of its files, on Linux. */
  readonly folder: string;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<WineResult>;
  start(args: readonly string[]): WineProgram;
  /** Runs a script beside the agent, which finds the agent's room for Windows in `./probe/windows/index.js`. */
  probe(name: string, script: string, args?: readonly string[]): Promise<WineResult>;
}

/** Makes the agent's files, once for a Wine. */
export async function windowsAgent(wine: Wine): Promise<WindowsAgent> {
  const folder = path.join(wine.prefix, 'drive_c', 'Casare Größe');
  await makeAgent({ root: ROOT, target: TARGETS['win-x64'], out: folder, at: new Date(0) });
  await mkdir(path.join(folder, 'probe'));
  const built = path.join(ROOT, 'edge-agent/dist');
  for (const part of ['windows', 'fault.js'])
    await cp(path.join(built, part), path.join(folder, 'probe', part), { recursive: true });
  await writeFile(path.join(folder, 'probe/package.json'), '{ "type": "module" }');
  const node = wine.path(path.join(folder, 'node.exe'));
  const flags = ['--disable-warning=ExperimentalWarning'];
  const agent = withoutInput(...flags, wine.path(path.join(folder, AGENT_FILE)));
  return {
    folder,
    run: (args, env = {}) => wine.run(node, [...agent, ...args], { timeout: COMMAND_MS, env }),
    start: (args) => wine.start(node, [...agent, ...args]),
    async probe(name, script, args = []) {
      const file = path.join(folder, `${name}.mjs`);
      await writeFile(file, script);
      return wine.run(node, [...flags, wine.path(file), ...args], { timeout: COMMAND_MS });
    },
  };
}

/** What Node for Windows is given so that it runs a program which has no standard input. */
export function withoutInput(...program: readonly string[]): string[] {
  return ['-e', WITHOUT_INPUT, '--', ...program];
}

/** A file of drive C, from Linux. */
export function onDrive(wine: Wine, ...parts: readonly string[]): string {
  return path.join(wine.prefix, 'drive_c', ...parts);
}

/** The text of a file of drive C. */
export function textOnDrive(wine: Wine, ...parts: readonly string[]): Promise<string> {
  return readFile(onDrive(wine, ...parts), 'utf8');
}
