import { expect, test } from 'vitest';
import type { RunEventBody } from '../protocol/run-events.ts';
import { cloudEvents } from './cloud-events.ts';

const job = { id: '0196a7a0-0000-7000-8000-000000000001', workflow: { namespace: 'n', name: 'w', version: '1.0.0' } };
const at = '2026-05-01T00:00:00.000Z';
const place = (position: string, path = position.replaceAll(/\{\d+\}/g, '')) => ({ path, position });
const started = (position: string, task = 'set'): RunEventBody => ({
  ...{ type: 'step.started', ...place(position), name: 'x', task, effect: 'idempotent', onRestart: 'rerun' },
});
const completed = (position: string, output: unknown = null): RunEventBody => ({
  ...{ type: 'step.completed', ...place(position), output: output as never, durationMs: 1 },
});
const error = { type: 'https://x.example/e', status: 500 };

async function of(...bodies: RunEventBody[]) {
  async function* recorded() {
    for (const [index, body] of bodies.entries()) yield { seq: index + 1, at, attempt: 1, body };
  }
  const events: Record<string, unknown>[] = [];
  for await (const event of cloudEvents(job, recorded())) events.push({ ...event });
  return events;
}
const types = (events: readonly Record<string, unknown>[]): string[] =>
  events.map(({ type }) => String(type).replace(/^io\.serverlessworkflow\.(.*)\.v1$/, '$1'));

test('a run is told as the specification lists it, each event with an id of its own', async () => {
  const events = await of(
    { type: 'run.started', resumed: false },
    started('/do/0/a'),
    completed('/do/0/a'),
    { type: 'step.skipped', ...place('/do/1/b'), name: 'b' },
    { type: 'run.completed', output: { x: 1 } },
  );
  expect(types(events)).toEqual([
    'workflow.started',
    'task.created',
    'task.started',
    'task.completed',
    'workflow.completed',
  ]);
  expect(events[0]).toEqual({
    ...{ specversion: '1.0', source: `urn:casare:run:${job.id}`, time: at, datacontenttype: 'application/json' },
    ...{ id: `${job.id}/1/1/workflow.started`, type: 'io.serverlessworkflow.workflow.started.v1' },
    data: { name: `w-${job.id}.n`, definition: job.workflow, startedAt: at },
  });
  expect(events[3]).toMatchObject({ data: { workflow: `w-${job.id}.n`, task: '/do/0/a', completedAt: at } });
  expect(events[4]).toMatchObject({ data: { output: { x: 1 } } });
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
});

test('attempts of a try are retries; faults have their error', async () => {
  const failed = (position: string): RunEventBody => ({
    ...{ type: 'step.failed', ...place(position), error, certain: true, durationMs: 1 },
  });
  const events = await of(
    started('/do/0/t{1}', 'try'),
    failed('/do/0/t{1}'),
    started('/do/0/t{12}', 'try'),
    failed('/do/0/t{12}'),
    { type: 'run.failed', error },
  );
  expect(types(events)).toEqual([
    ...['task.created', 'task.started', 'task.faulted', 'task.retried', 'task.started', 'task.faulted'],
    'workflow.faulted',
  ]);
  expect(events.at(-1)).toMatchObject({ data: { error, faultedAt: at } });
});

test('suspended and resumed, with the task that it is about; cancelled, with every open one', async () => {
  const suspended = await of(
    started('/do/0/pay', 'call'),
    { type: 'run.suspended', position: '/do/0/pay', reason: 'in doubt' },
    { type: 'run.started', resumed: true },
  );
  expect(types(suspended).slice(2)).toEqual([
    'task.suspended',
    'workflow.suspended',
    'workflow.resumed',
    'task.resumed',
  ]);
  const cancelled = await of(started('/do/0/a', 'do'), started('/do/0/a/do/0/b'), {
    type: 'run.cancelled',
    reason: 'x',
  });
  expect(types(cancelled).slice(4)).toEqual(['task.cancelled', 'task.cancelled', 'workflow.cancelled']);
  expect(new Set(cancelled.map(({ id }) => id)).size).toBe(cancelled.length);
});

test('what a workflow emits is among them, as it made it', async () => {
  const emitted = { specversion: '1.0', id: 'own', source: 'urn:s', type: 'com.example.placed', data: { n: 1 } };
  const events = await of(
    started('/do/0/e', 'emit'),
    completed('/do/0/e', emitted),
    started('/do/1/f', 'emit'),
    completed('/do/1/f', 'own'),
  );
  expect(events[2]).toEqual(emitted);
  expect(types(events).filter((type) => type === 'com.example.placed')).toHaveLength(1);
});
