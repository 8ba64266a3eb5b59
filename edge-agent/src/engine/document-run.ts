/** A document as a whole, be it the job's own or a sub-workflow: its input, its tasks under its timeout, its output. */
import type { Json, Workflow } from '@casare/shared/workflow';
import { checkData } from './data-schema.ts';
import { timeoutOf, withDeadline } from './deadline.ts';
import { evaluatorOver, workflowVariables } from './evaluate.ts';
import type { Outcome, Place, Run, Scope } from './frame.ts';
import { recordable } from './recorder.ts';
import type { SecretVault } from './secrets.ts';

/** Where the job's own document is. */
export const WHOLE: Place = { path: '', position: '' };

/** Runs the document of `scope.run`, which stands at `place`, to its output. */
export async function runDocument(scope: Scope, place: Place): Promise<Json> {
  const { run, signal } = scope;
  const { document, clock } = run.options;
  const variables = workflowVariables(run);
  const input = await transformInput(run);
  // The specification's data-flow diagram: the transformed input is the first `$context`.
  run.context = recordable(input, 'The input of the workflow');
  const tasks: Place = { path: `${place.path}/do`, position: `${place.position}/do` };
  const work = (limited: AbortSignal): Promise<Outcome> =>
    run.tasks.list(document.do, tasks, input, { ...scope, signal: limited });
  const ms = await timeoutOf(
    document.timeout,
    run,
    evaluatorOver(run, input, () => variables),
  );
  const { output } = await (ms === null ? work(signal) : withDeadline(clock, signal, { ms, path: place.path }, work));
  const last = evaluatorOver(run, output, () => ({ ...variables, context: run.context }));
  const result = document.output?.as === undefined ? output : await last.transformation(document.output.as);
  checkData(document.output?.schema, result, 'The output of the workflow');
  return recordable(result, 'The output of the workflow');
}

/** `$secrets` of a document: handles of those that it declares, and of no others that the run holds. */
export function secretsOf(document: Workflow, vault: SecretVault): Json {
  const declared = new Set(document.use?.secrets ?? []);
  const all = vault.variable as Readonly<Record<string, Json>>;
  return Object.fromEntries(Object.entries(all).filter(([name]) => declared.has(name)));
}

async function transformInput(run: Run): Promise<Json> {
  const { document, input } = run.options;
  checkData(document.input?.schema, input, 'The input of the workflow');
  if (document.input?.from === undefined) return input;
  const variables = () => ({ ...workflowVariables(run), secrets: run.secrets });
  return evaluatorOver(run, input, variables).transformation(document.input.from);
}
