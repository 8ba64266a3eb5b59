/**
 * `run.workflow`: another workflow as a part of this run. Its document stands in the job's own, pinned when that was saved.
 * It sees its input and nothing of the place it runs at: its own context, functions, secrets and restart rules; its tasks
 * are recorded below the task that runs it.
 */
import { type Json, referenceOf, type RunTask, subWorkflowPath, subWorkflowsOf } from '@casare/shared/workflow';
import { runDocument, secretsOf } from './document-run.ts';
import { fault } from './errors.ts';
import { definitionOf } from './evaluate.ts';
import type { Run, Scope, TaskHandler } from './frame.ts';

export const runSubWorkflow: TaskHandler<RunTask> = async (task, frame) => {
  const { run } = frame;
  const reference = referenceOf(task);
  const document = subWorkflowsOf(run.whole)[reference];
  if (document === undefined) {
    throw fault('configuration', {
      code: 'SUB_WORKFLOW_MISSING',
      title: 'The document does not hold a sub-workflow that it runs',
      detail: `${reference} is not in it: push the workflow again, its sub-workflows first.`,
    });
  }
  const input = await inputOf(task, frame);
  const inner: Run = {
    ...run,
    options: { ...run.options, document, input },
    secrets: secretsOf(document, run.vault),
    startedAt: frame.startedAt,
    context: null,
  };
  const scope: Scope = {
    ...{ run: inner, variables: {}, signal: frame.signal, depth: frame.depth },
    ...{ onRestart: undefined, verify: undefined, evidence: {}, covered: frame.covered },
  };
  const place = { path: subWorkflowPath(reference), position: `${frame.position}/workflow` };
  return { output: await runDocument(scope, place) };
};

function inputOf(task: RunTask, frame: Parameters<typeof definitionOf>[0]): Promise<Json> {
  const { input } = task.run.workflow;
  if (input === undefined) return Promise.resolve({});
  return definitionOf(frame).transformation(input);
}
