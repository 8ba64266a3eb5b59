/** What files of a call by HTTP (`http-files.ts`) contradict in its `with`. */
import type { Workflow } from './document.ts';
import { isTemplate } from './duration.ts';
import type { Finding } from './problem.ts';
import { callOf, classify, type HttpCallTask, type Task } from './task.ts';
import { allTasks } from './task-list.ts';

/** Contradictions, at the place of what has to go. */
export function httpFileFindings(document: Workflow): Finding[] {
  return [...allTasks(document)].flatMap(({ task, path }) => [
    ...answerFindings(task, path),
    ...bodyFindings(task, path),
  ]);
}

/** A stored answer has one form. */
function answerFindings(task: Task, path: string): Finding[] {
  const classified = classify(task);
  if (classified.kind !== 'call') return [];
  const call = callOf(classified.task);
  if (call.to === 'function' || saveAsOf(task) === undefined) return [];
  const { output } = call.with;
  if (output === undefined || output === 'response') return [];
  const message = `with \`metadata.rpa.saveAs\` the content is in the file: leave \`output: ${output}\` out`;
  return [{ path: `${path}/with/output`, at: 'value', message }];
}

/** A request has one content. */
function bodyFindings(task: Task, path: string): Finding[] {
  if (!('call' in task) || task.call !== 'http') return [];
  const { metadata, with: args } = task as HttpCallTask;
  const { bodyFrom, formFiles } = metadata?.rpa ?? {};
  const { body } = args;
  if (bodyFrom !== undefined && formFiles !== undefined) {
    const message = 'the content is one file (`bodyFrom`) or a form (`formFiles`), not both';
    return [{ path: `${path}/metadata/rpa/formFiles`, at: 'key', message }];
  }
  if (body === undefined || body === null) return [];
  if (bodyFrom !== undefined) {
    const message = 'the content is the file of `metadata.rpa.bodyFrom`: leave `body` out';
    return [{ path: `${path}/with/body`, at: 'key', message }];
  }
  if (formFiles === undefined || isFields(body)) return [];
  const message = 'with `metadata.rpa.formFiles` the body holds the other fields of the form: expected an object';
  return [{ path: `${path}/with/body`, at: 'value', message }];
}

function saveAsOf(task: Task): unknown {
  const rpa = task.metadata?.rpa;
  return rpa !== undefined && 'saveAs' in rpa ? rpa.saveAs : undefined;
}

function isFields(body: unknown): boolean {
  if (typeof body === 'string') return isTemplate(body);
  return typeof body === 'object' && !Array.isArray(body);
}
