/** `inspect`: what the certificates of a file say. */
import type { Command } from 'commander';
import { inspectPem } from '../inspect.ts';
import { example, outputOf, type Surroundings } from './desk.ts';
import { CliError } from './exit.ts';
import { readPem } from './files.ts';
import { asTable } from './table.ts';

export function addInspectCommand(program: Command, around: Surroundings): void {
  const inspect = program
    .command('inspect')
    .description('print what the certificates of a PEM file say')
    .argument('<file.pem>')
    .action(async (file: string, _: object, command: Command) => {
      const summaries = inspectPem(await readPem(file));
      if (!summaries.ok) {
        throw new CliError(summaries.code, `${file}: ${summaries.message}: give a PEM file of certificates`);
      }
      around.out(
        outputOf(command) === 'json' ? `${JSON.stringify(summaries.value, null, 2)}\n` : asTable(summaries.value),
      );
    });
  example(inspect, 'inspect chain.pem');
}
