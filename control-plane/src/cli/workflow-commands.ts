/** `casare workflow validate | push | keygen | sign | verify | list`. */
import type { WorkflowVersion } from '@casare/shared/api';
import { api, ApiError } from '@casare/shared/client';
import { json, plain, type Column } from '@casare/shared/terminal';
import { workflowJsonSchema } from '@casare/shared/workflow';
import type { Command } from 'commander';
import { EXIT, problemLine } from './exit.ts';
import { readText } from './inputs.ts';
import { openSession, type Session, type Surroundings } from './session.ts';
import { addSigningCommands, readSignature } from './signing-commands.ts';

const COLUMNS: readonly Column<WorkflowVersion>[] = [
  ['WORKFLOW', ({ namespace, name }) => `${namespace}/${name}`],
  ['VERSION', (workflow) => workflow.version],
  [
    'NEEDS',
    ({ requirements: { slot, capabilities, site } }) => [slot, ...capabilities, site ?? ''].filter(Boolean).join(' '),
  ],
  ['SIGNED', ({ signed }) => (signed ? 'yes' : '')],
  ['SAVED', (workflow) => workflow.createdAt],
  ['ID', (workflow) => workflow.id],
];
const yaml = { mediaType: 'application/yaml' } as const;

export function addWorkflowCommands(program: Command, around: Surroundings): void {
  const workflow = program.command('workflow').description('workflows');
  workflow
    .command('validate <file>')
    .description('check a file without saving it; exit 1 when it has problems')
    .action(async (file: string, _: object, command: Command) => {
      const session = await openSession(command, around);
      const checked = await session.client.call(api.workflows.validate, { body: await readText(file), ...yaml });
      session.show(checked, ({ valid, problems, warnings }) =>
        [
          `${plain(file)}: ${valid ? 'valid' : 'not valid'}`,
          ...problems.map(problemLine),
          ...warnings.map((warning) => `${problemLine(warning)} (warning)`),
          '',
        ].join('\n'),
      );
      if (!checked.valid) around.exitCode = EXIT.error;
    });
  workflow
    .command('schema')
    .description('print the JSON Schema of workflows, for editors')
    .action(() => around.terminal.out(json(workflowJsonSchema())));
  workflow
    .command('push <file>')
    .description('save a version')
    .option('--signature <file>', 'what `workflow sign` wrote, kept with the version')
    .action(async (file: string, { signature }: { signature?: string }, command: Command) => {
      const session = await openSession(command, around);
      const body = signature === undefined ? null : await readSignature(signature);
      const pushed = await pushFile(session, file);
      const { warnings } = pushed;
      const params = { id: pushed.id };
      const saved = body === null ? pushed : await session.client.call(api.workflows.sign, { params, body });
      for (const warning of warnings) session.terminal.err(`${problemLine(warning)} (warning)\n`);
      session.show(saved, ({ namespace, name, version, id }) => `${namespace}/${name}@${version}  ${id}\n`);
    });
  addSigningCommands(workflow, around);
  workflow
    .command('list')
    .description('list workflows, each with its newest version')
    .option('--limit <n>', 'how many', Number)
    .option('--cursor <cursor>', 'the next page')
    .action(async (query: object, command: Command) => {
      const session = await openSession(command, around);
      session.list(await session.client.call(api.workflows.list, { query }), COLUMNS);
    });
}

/** Saves the workflow of a file. @throws UsageError when it cannot be read; ApiError, which names the file when it is not a workflow */
export async function pushFile({ client }: Session, file: string): Promise<WorkflowVersion> {
  const body = await readText(file);
  try {
    return await client.call(api.workflows.push, { body, ...yaml });
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'WORKFLOW_INVALID') throw error;
    const title = `${file} is not a workflow that can be run.`;
    throw new ApiError({ ...error.problem, title, fix: 'Correct it and run the same command again.' });
  }
}
