/** Runs whose workers a worker host starts: the same supervision as over forked ones, and the host may die as well. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { assignment, stepStarted } from '../outbox/outbox-for-tests.ts';
import { startTicksOf } from '../runner/process-tree.ts';
import {
  agent,
  assign,
  ended,
  folder,
  peer,
  REAL,
  scripted,
  SCRIPTED,
  SLOW,
  startAgent,
  types,
} from '../runner/supervised-for-tests.ts';
import { makePlaceIn, openHosted, startHost } from './hosted-for-tests.ts';

const THREE_STEPS = [{ first: { set: { n: 1 } } }, { pause: { wait: { seconds: 2 } } }, { last: { set: { n: 3 } } }];

/** An agent with a host. */
async function start(module: URL) {
  const hosted = await openHosted(makePlaceIn(folder));
  startAgent(module, hosted);
  return { hosted, host: await startHost(hosted, module) };
}

/** Which worker starts of a run were the first, and which went on in it. */
function resumed(events: Awaited<ReturnType<typeof ended>>): boolean[] {
  return events.map(({ body }) => body).flatMap((body) => (body.type === 'run.started' ? [body.resumed] : []));
}

async function inSecondStep(run: ReturnType<typeof assignment>): Promise<void> {
  await vi.waitFor(
    () => expect(types(peer.eventsOf(run)).filter((type) => type === 'step.started')).toHaveLength(2),
    SLOW,
  );
}

test('a real workflow runs in a worker of the host; its files and its folder are for the two users alone', async () => {
  const { hosted } = await start(REAL);
  const run = assignment({}, [{ kept: { call: 'data.text.write', with: { saveAs: 'sub/a.txt', text: 'hello' } } }]);
  await assign(run);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.completed' });
  expect([...peer.files.values()].map(({ bytes }) => bytes.toString())).toEqual(['hello']);
  const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
  const own = join(hosted.place.runs, run.jobId);
  expect(modeOf(hosted.place.root)).toBe('750');
  expect(modeOf(hosted.place.socket)).toBe('660');
  expect(modeOf(hosted.place.runs)).toBe('710');
  expect(modeOf(join(own, 'files/sub/a.txt'))).toBe('640');
  await vi.waitFor(() => expect(modeOf(own), 'closed once the worker is gone').toBe('700'));
});

test('a worker gets the environment of the list, nothing of what its host or the agent has besides', async () => {
  await start(SCRIPTED);
  const run = scripted(['show environment', 'complete']);
  await assign(run);
  const [shown] = (await ended(run)).flatMap(({ body }) => (body.type === 'run.log' ? [body.message] : []));
  expect(shown).toContain('CASARE_WORKER_MARKER');
  expect(shown).not.toContain('must-not-be-inherited');
  expect(shown).not.toMatch(/[0-9a-f]{64}/);
});

test('a worker killed in the middle is replaced, and the run goes on from its journal', async () => {
  await start(REAL);
  const run = assignment({}, THREE_STEPS);
  await assign(run);
  await inSecondStep(run);
  process.kill(agent.outbox.run(run)?.worker?.pid ?? 0, 'SIGKILL');
  const events = await ended(run);
  expect(events.at(-1)?.body).toMatchObject({ type: 'run.completed' });
  expect(resumed(events)).toEqual([false, true]);
});

test('cancel: a worker that does not stop is killed with everything it started', async () => {
  await start(SCRIPTED);
  const pids = join(folder, 'pids.json');
  const run = scripted([{ spawnTree: pids }, 'ignore cancel']);
  await assign(run);
  const started = await vi.waitFor(() => JSON.parse(readFileSync(pids, 'utf8')) as number[], SLOW);
  expect(started.map(startTicksOf)).not.toContain(null);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 50, reason: 'wrong month' });
  expect((await ended(run)).at(-1)?.body).toEqual({ type: 'run.cancelled', reason: 'wrong month' });
  expect(started.map(startTicksOf), 'gone before the run is said to have ended').toEqual([null, null, null]);
});

/** The process that a scripted worker started and that nothing tells to be its own. */
function strayIn(file: string): Promise<number> {
  return vi.waitFor(() => {
    const pid = Number(readFileSync(file, 'utf8'));
    expect(startTicksOf(pid)).not.toBeNull();
    return pid;
  }, SLOW);
}

test.skipIf(process.platform !== 'linux')('what hid from a worker that is killed ends with it', async () => {
  await start(SCRIPTED);
  const run = scripted([{ spawnStray: join(folder, 'stray') }, 'ignore cancel']);
  await assign(run);
  const stray = await strayIn(join(folder, 'stray'));
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 50, reason: 'wrong month' });
  await ended(run);
  expect(startTicksOf(stray), 'gone before the run is said to have ended').toBeNull();
});

test.skipIf(process.platform !== 'linux')('of an orphan that ends while its worker lives nothing stays', async () => {
  await start(SCRIPTED);
  const run = scripted([{ spawnStray: join(folder, 'stray') }, 'ignore cancel']);
  await assign(run);
  const stray = await strayIn(join(folder, 'stray'));
  process.kill(stray, 'SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${stray}`)).toBe(false), SLOW);
  expect(startTicksOf(agent.outbox.run(run)?.worker?.pid ?? 0), 'its worker lives').not.toBeNull();
});

test.skipIf(process.platform !== 'linux')(
  'what hid from a worker that dies by itself is ended by its host',
  async () => {
    await start(SCRIPTED);
    const [file, asked] = [join(folder, 'stray'), join(folder, 'asked')];
    const run = scripted([{ spawnStray: file }, { dieAt: asked }]);
    await assign(run);
    const stray = await strayIn(file);
    writeFileSync(asked, '');
    await vi.waitFor(() => expect(startTicksOf(stray)).toBeNull(), SLOW);
  },
);

test('kill -9 of the host in a run: the next host ends what is left, and only then the run goes on', async () => {
  const { hosted, host } = await start(SCRIPTED);
  const pids = join(folder, 'pids.json');
  const script = [{ record: stepStarted('/do/0/pay') }, { spawnTree: pids }, 'ignore cancel'];
  const run = scripted(script, { secrets: { a: 'the secret' } });
  await assign(run);
  const started = await vi.waitFor(() => JSON.parse(readFileSync(pids, 'utf8')) as number[], SLOW);
  host.child.kill('SIGKILL');
  await vi.waitFor(() => expect(hosted.workers.identities).toEqual([]), SLOW);
  // The worker has no channel and ends; what it started in groups of their own lives on, and so the run waits.
  expect(started.map(startTicksOf).filter((ticks) => ticks !== null)).not.toEqual([]);
  expect(types(peer.eventsOf(run))).toEqual(['step.started']);
  await startHost(hosted, SCRIPTED);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(2), SLOW);
  expect(started.map(startTicksOf)).toEqual([null, null, null]);
  expect(peer.eventsOf(run)[1]?.body).toMatchObject({ type: 'run.log', message: 'resumed after 1 with the secret' });
});

test('a host that is told to stop ends its workers, and the run goes on with the next', async () => {
  const { hosted, host } = await start(REAL);
  const run = assignment({}, THREE_STEPS);
  await assign(run);
  await inSecondStep(run);
  const pid = agent.outbox.run(run)?.worker?.pid ?? 0;
  host.child.kill('SIGTERM');
  await host.ended;
  expect(startTicksOf(pid)).toBeNull();
  await startHost(hosted, REAL);
  const events = await ended(run);
  expect(events.at(-1)?.body).toMatchObject({ type: 'run.completed' });
  expect(resumed(events)).toEqual([false, true]);
});

test('without a host a run waits for one', async () => {
  const hosted = await openHosted(makePlaceIn(folder));
  startAgent(REAL, hosted);
  const run = assignment({}, [{ first: { set: { n: 1 } } }]);
  await assign(run);
  await vi.waitFor(() => expect(hosted.logged.join()).toContain('a plain run waits for a worker host'));
  await startHost(hosted, REAL);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.completed' });
});
