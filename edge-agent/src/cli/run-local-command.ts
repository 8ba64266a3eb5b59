/** `casare-agent run-local`: a workflow of a file on this machine, for its author. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { Json } from '@casare/shared/workflow';
import { Fault } from '../fault.ts';
import { agentHome } from '../identity/index.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags {
  home?: string;
  input: string[];
  inputFile?: string;
  secrets?: string;
  workflows: string[];
  out?: string;
  step?: true;
  breakAt: string[];
  from?: string;
  policy?: string;
  record?: string;
  output: 'table' | 'json';
}

/** Adds the command; `failed` is thrown when the run did not succeed. */
export function addRunLocal(program: Command, around: Surroundings, failed: () => Error): void {
  const collect = (value: string, all: string[]): string[] => [...all, value];
  program
    .command('run-local <file>')
    .description('run the workflow of a file here, without a control plane')
    .option('--input <key=value>', 'a member of the input; a value that is JSON is taken as such', collect, [])
    .option('--input-file <file>', 'the input, a JSON object')
    .option('--secrets <file>', 'a YAML file, readable by you alone, with the secrets that the workflow uses')
    .option('--workflows <folder>', "a folder with sub-workflows, besides the file's own; several times", collect, [])
    .option('--out <folder>', "where the run's files go (default: below the agent home)")
    .option(
      '--record <file>',
      'write the record of the run too, for `casare run-view`; a file that is there is replaced',
    )
    .option('--step', 'wait before every step')
    .option('--break-at <task>', 'wait before this task, by its name, its call or its path; several times', collect, [])
    .option('--from <task>', 'go on in the last run, from this task')
    .option(
      '--policy <file>',
      'what runs may do (default: $CASARE_POLICY, /etc/casare/policy.yaml, policy.yaml of the home)',
    )
    .addOption(
      new Option('--output <kind>', 'table: the steps as they go; json: one line at the end')
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--home <dir>', 'agent home (default: $CASARE_HOME/agent, or .casare/agent)')
    .action(async (file: string, flags: Flags) => {
      // Engine and steps are loaded when they are wanted, not for every other command.
      const { readText, runLocal } = await import('../local/index.ts');
      const done = await runLocal({
        ...{ file, secrets: flags.secrets, workflows: flags.workflows, out: flags.out && path.resolve(flags.out) },
        ...{ step: flags.step === true, breakAt: flags.breakAt, from: flags.from, output: flags.output },
        policy: flags.policy ?? around.environment['CASARE_POLICY'],
        record: flags.record && path.resolve(flags.record),
        input: await inputOf(flags, readText),
        home: agentHome(flags.home, around.environment).root,
        environment: around.environment,
        target: { print: around.print, ...around.terminal },
        ask: around.ask,
        stopped: around.stopped,
      });
      if (!done) throw failed();
    });
}

async function inputOf(
  { input, inputFile }: Flags,
  readText: (file: string) => Promise<string>,
): Promise<Record<string, Json> | undefined> {
  if (inputFile === undefined && input.length === 0) return undefined;
  const whole = inputFile === undefined ? {} : objectOf(await readText(inputFile), inputFile);
  return { ...whole, ...Object.fromEntries(input.map(pairOf)) };
}

function objectOf(text: string, file: string): Record<string, Json> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usage(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw usage(`${file} is not a JSON object`);
  return value as Record<string, Json>;
}

function pairOf(pair: string): [string, Json] {
  const at = pair.indexOf('=');
  if (at < 1) throw usage(`--input takes key=value, not ${pair}`);
  const text = pair.slice(at + 1);
  try {
    return [pair.slice(0, at), Json.parse(JSON.parse(text))];
  } catch {
    return [pair.slice(0, at), text];
  }
}

function usage(message: string): Fault {
  return new Fault('USAGE', message, { exitCode: 2 });
}
