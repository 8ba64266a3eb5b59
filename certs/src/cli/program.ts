/**
 * The `casare-certs` command. Exit codes: 0 done, 1 an error, 2 wrong usage. Errors are one line on stderr with a
 * stable code.
 */
import { Command, CommanderError, Option } from 'commander';
import { readFile, stat } from 'node:fs/promises';
import { inspectPem } from '../inspect.ts';
import { version } from '../version.ts';
import { asTable } from './table.ts';

/** Where the command writes, so that tests can listen. */
export interface Output {
  out: (text: string) => void;
  error: (text: string) => void;
}

const MAX_FILE_BYTES = 1_048_576;

/** Runs the command with `args` (without node and script); answers the exit code. */
export async function run(args: readonly string[], output: Output): Promise<number> {
  let code = 0;
  const program = new Command('casare-certs')
    .description('Look at and look after the certificates of Casare')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error });
  program
    .command('inspect')
    .description('print what the certificates of a PEM file say')
    .argument('<file.pem>')
    .addOption(new Option('--output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action(async (file: string, options: { output: 'table' | 'json' }) => {
      code = await inspect(file, options.output, output);
    });
  program
    .command('signer')
    .description('run the signer by itself, for a control plane that finds it by CASARE_SIGNER_SOCKET')
    .requiredOption('--home <dir>', 'where master.key is, or is made')
    .requiredOption('--socket <path>', 'where callers find it; in a directory of its own user')
    .requiredOption('--host <host...>', "what a gateway's certificate may name: a host name or an address")
    .option('--group <number>', 'a group that may use the socket too')
    .option('--trust-domain <name>', "in the host of every agent's name", 'casare.internal')
    .action(async (options: object) => {
      code = await (await import('../signer-process/run.ts')).runSigner(options);
    });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

async function inspect(file: string, format: 'table' | 'json', output: Output): Promise<number> {
  const text = await readText(file);
  if (text === null) {
    output.error(`FILE_UNREADABLE: ${JSON.stringify(file)} is not a readable file of at most 1 MiB: check the path\n`);
    return 1;
  }
  const summaries = inspectPem(text);
  if (!summaries.ok) {
    output.error(`${summaries.code}: ${JSON.stringify(file)}: ${summaries.message}: give a PEM file of certificates\n`);
    return 1;
  }
  output.out(format === 'json' ? `${JSON.stringify(summaries.value, null, 2)}\n` : asTable(summaries.value));
  return 0;
}

async function readText(file: string): Promise<string | null> {
  try {
    const facts = await stat(file);
    return facts.isFile() && facts.size <= MAX_FILE_BYTES ? await readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}
