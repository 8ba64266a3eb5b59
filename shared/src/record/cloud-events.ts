/**
 * A run as the CloudEvents that the Open Workflow Specification lists ("Lifecycle Events"), made of what was recorded, with
 * the events that the workflow itself emitted among them. Pure; what is kept meanwhile is bounded by the tasks that are open at once.
 *
 * Not here: correlation events (nothing listens yet) and status-changed events, which the specification leaves open.
 */
import type { RecordedEvent, RecordedJob } from './format.ts';

/** A CloudEvent 1.0 in its JSON form. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

const PREFIX = 'io.serverlessworkflow';

/** The events, in the order of the record; an emitted one is as its task made it. */
export async function* cloudEvents(
  job: Pick<RecordedJob, 'id' | 'workflow'>,
  recorded: AsyncIterable<RecordedEvent>,
): AsyncGenerator<CloudEvent | Readonly<Record<string, unknown>>> {
  const { namespace, name, version } = job.workflow;
  const workflow = `${name}-${job.id}.${namespace}`;
  /** Tasks that were started and have no end yet, by their position. */
  const open = new Map<string, { readonly path: string; readonly task: string }>();
  let suspended: string | null = null;
  for await (const { body, at, seq, attempt } of recorded) {
    const event = (type: string, data: Readonly<Record<string, unknown>>, part = type): CloudEvent => ({
      ...{ specversion: '1.0', id: `${job.id}/${attempt}/${seq}/${part}`, source: `urn:casare:run:${job.id}` },
      ...{ type: `${PREFIX}.${type}.v1`, time: at, datacontenttype: 'application/json', data },
    });
    const task = (type: string, path: string, when: string, more: object = {}, part?: string): CloudEvent =>
      event(`task.${type}`, { workflow, task: path, [when]: at, ...more }, part);
    switch (body.type) {
      case 'run.started':
        if (body.resumed) yield event('workflow.resumed', { name: workflow, resumedAt: at });
        else {
          const definition = { namespace, name, version };
          yield event('workflow.started', { name: workflow, definition, startedAt: at });
        }
        if (body.resumed && suspended !== null) yield task('resumed', suspended, 'resumedAt');
        suspended = null;
        // What was open died with its worker; it starts again, or its outcome is reused.
        open.clear();
        break;
      case 'step.started':
        open.set(body.position, { path: body.path, task: body.task });
        if (isRetry(body.position)) yield task('retried', body.path, 'retriedAt');
        else yield task('created', body.path, 'createdAt');
        yield task('started', body.path, 'startedAt');
        break;
      case 'step.completed': {
        const emitted = open.get(body.position)?.task === 'emit' ? emittedIn(body.output) : null;
        open.delete(body.position);
        if (emitted !== null) yield emitted;
        yield task('completed', body.path, 'completedAt');
        break;
      }
      case 'step.failed':
        open.delete(body.position);
        yield task('faulted', body.path, 'faultedAt', { error: body.error });
        break;
      case 'run.completed':
        yield event('workflow.completed', { name: workflow, completedAt: at, output: body.output });
        break;
      case 'run.failed':
      case 'run.timed_out':
        yield event('workflow.faulted', { name: workflow, faultedAt: at, error: body.error });
        break;
      case 'run.suspended':
        suspended = open.get(body.position)?.path ?? null;
        if (suspended !== null) yield task('suspended', suspended, 'suspendedAt');
        yield event('workflow.suspended', { name: workflow, suspendedAt: at });
        break;
      case 'run.cancelled':
        for (const [position, { path }] of open)
          yield task('cancelled', path, 'cancelledAt', {}, `cancelled${position}`);
        yield event('workflow.cancelled', { name: workflow, cancelledAt: at });
        break;
      case 'run.paused':
        yield event('workflow.suspended', { name: workflow, suspendedAt: at });
        break;
      case 'run.resumed':
        yield event('workflow.resumed', { name: workflow, resumedAt: at });
        break;
      case 'step.skipped':
      case 'run.log':
        break;
    }
  }
}

/** `…/name{2}` is the second attempt of a `try`. */
function isRetry(position: string): boolean {
  return /\{(?!1\})\d+\}$/.test(position);
}

/** The output of an `emit` task, unless its document made something else of it. */
function emittedIn(output: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof output !== 'object' || output === null) return null;
  return 'specversion' in output && 'type' in output && 'id' in output && 'source' in output ? output : null;
}
