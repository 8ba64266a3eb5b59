/** `casare schedules` against a running control plane. */
import { api } from '@casare/shared/client';
import { beforeAll, expect, test } from 'vitest';
import { cliOfTests } from './testing.ts';

const cli = cliOfTests();
beforeAll(async () => {
  const source = `
document: { dsl: '1.0.3', namespace: acme, name: report, version: '1.0.0' }
input: { schema: { document: { type: object, properties: { region: { type: string } }, required: [region] } } }
do: [{ done: { set: { ok: true } } }]
`;
  await cli.plane.client.call(api.workflows.push, { body: source, mediaType: 'application/yaml' });
});

const casare = (...args: string[]) => cli.run(['schedules', ...args]);
const REPORT = [
  '--workflow',
  'acme/report',
  '--cron',
  '30 6 * * 1-5',
  '--zone',
  'Europe/Berlin',
  '--input',
  'region=north',
];

test('a schedule is made, shown, triggered, disabled and removed; its job stays', async () => {
  const made = await casare('create', 'morning report', ...REPORT, '--overlap', 'queue', '--catch-up', 'all');
  expect(made.code, made.err).toBe(0);
  expect(made.out).toMatch(/catch-up +all, the last 10/);
  expect(made.out.match(/0[45]:30:00\.000Z/g)).toHaveLength(5);
  const fired = await casare('trigger', 'morning report');
  expect(fired.code, fired.err).toBe(0);
  const job = fired.out.trim();
  const shown = await casare('show', 'morning report');
  expect(shown.out).toMatch(new RegExp(`submitted +${job}`));
  expect((await casare('disable', 'morning report')).out).toMatch(/enabled +no/);
  expect((await casare('list')).out).toMatch(/morning report +acme\/report .*disabled +submitted/);
  expect((await casare('delete', 'morning report')).code).toBe(0);
  expect(await cli.plane.client.call(api.jobs.get, { params: { id: job } })).toMatchObject({
    input: { region: 'north' },
  });
  // Entries are linked a moment after their change.
  const audited = async () => {
    const { items } = await cli.plane.client.call(api.audit.list, { query: { limit: 200 } });
    return items.map(({ action }) => action).filter((action) => action.startsWith('schedule.'));
  };
  await expect
    .poll(audited, { timeout: 20_000 })
    .toEqual(['schedule.created', 'schedule.triggered', 'schedule.disabled', 'schedule.removed']);
});

test.each<[string, string[], number, string]>([
  ['an unknown schedule is not found', ['show', 'nothing'], 4, 'SCHEDULE_NOT_FOUND'],
  ['nor is its workflow', ['create', 'a', '--workflow', 'acme/none', '--cron', '@daily'], 4, 'WORKFLOW_NOT_FOUND'],
  ['its input must fit', ['create', 'a', '--workflow', 'acme/report', '--cron', '@daily'], 1, 'JOB_INPUT_INVALID'],
  ['a time must come', ['create', 'a', ...REPORT, '--cron', '0 0 30 2 *'], 1, 'There is no such day'],
  ['a zone must be known', ['create', 'a', ...REPORT, '--zone', 'Mars/Olympus'], 2, 'time zone'],
  ['an expression has five fields', ['create', 'a', ...REPORT, '--cron', '* * * * * *'], 2, 'five fields'],
])('%s', async (_, args, code, says) => {
  const result = await casare(...args);
  expect([result.code, result.err]).toEqual([code, expect.stringContaining(says)]);
});
