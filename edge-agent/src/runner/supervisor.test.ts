/**
 * Supervision over real processes: the product's worker runs small real workflows, a scripted worker does what a
 * worker must survive or be survived. The tunnel is the real one, against the test peer.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { assignment, logLine, stepCompleted, stepStarted } from '../outbox/outbox-for-tests.ts';
import { startTicksOf } from './process-tree.ts';
import { makeScratch } from './scratch.ts';
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
} from './supervised-for-tests.ts';

test('a real workflow runs in a worker process; everything is acknowledged, then forgotten', async () => {
  startAgent(REAL);
  const run = assignment({}, [{ first: { set: { n: '${ 20 + 1 }' } } }, { second: { set: { n: '${ .n * 2 }' } } }]);
  await assign(run);
  const events = await ended(run);
  expect(events.at(-1)?.body).toEqual({ type: 'run.completed', output: { n: 42 } });
  expect(peer.messagesOf('job.accepted')).toEqual([{ type: 'job.accepted', jobId: run.jobId, attempt: 1 }]);
  await vi.waitFor(() => expect(agent.outbox.runs()).toEqual([]));
});

test('a worker killed in the middle is replaced, and the run goes on from its journal', async () => {
  startAgent(REAL);
  const run = assignment({}, [
    { first: { set: { n: 1 } } },
    { pause: { wait: { seconds: 2 } } },
    { last: { set: { n: 3 } } },
  ]);
  await assign(run);
  await vi.waitFor(
    () => expect(types(peer.eventsOf(run)).filter((type) => type === 'step.started')).toHaveLength(2),
    SLOW,
  );
  process.kill(agent.outbox.run(run)?.worker?.pid ?? 0, 'SIGKILL');
  const events = await ended(run);
  expect(events.at(-1)?.body).toMatchObject({ type: 'run.completed' });
  const starts = events.map(({ body }) => body).filter((body) => body.type === 'run.started');
  expect(starts.map((start) => start.resumed)).toEqual([false, true]);
});

test('a worker that dies again and again ends the run with WORKER_CRASHED', async () => {
  startAgent(SCRIPTED);
  const run = scripted(['die']);
  await assign(run);
  const events = await ended(run);
  expect(events.at(-1)?.body).toMatchObject({ type: 'run.failed', error: { code: 'WORKER_CRASHED' } });
});

test('a worker that dies during a step that must not be repeated leaves it to a person', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0/pay') }, 'die']);
  await assign(run);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.suspended', position: '/do/0/pay' });
});

test('cancel: a worker that does not stop is killed with everything it started', async () => {
  startAgent(SCRIPTED);
  const pids = join(folder, 'pids.json');
  const stray = join(folder, 'stray');
  const run = scripted([{ spawnTree: pids }, { spawnStray: stray }, 'ignore cancel']);
  await assign(run);
  // A file that is there may still be empty.
  const hidden = await vi.waitFor(() => JSON.parse(readFileSync(stray, 'utf8')) as number, SLOW);
  const started = [...(JSON.parse(readFileSync(pids, 'utf8')) as number[]), hidden];
  expect(started).toHaveLength(4);
  expect(started.map(startTicksOf)).not.toContain(null);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 50, reason: 'wrong month' });
  expect((await ended(run)).at(-1)?.body).toEqual({ type: 'run.cancelled', reason: 'wrong month' });
  await vi.waitFor(() => expect(started.map(startTicksOf)).toEqual([null, null, null, null]));
});

test.skipIf(process.platform !== 'linux')('what hid from a worker that ends by itself ends with it', async () => {
  // No browser, but what a program that a job starts may do.
  const [program, file] = [join(folder, 'browser'), join(folder, 'stray')];
  const stay = `echo $$ > ${file}; exec sleep 600`;
  const hide = `env -i setsid sh -c '${stay}' >/dev/null 2>&1 3>&- 4>&- &`;
  writeFileSync(program, `#!/bin/sh\n${hide}\nuntil [ -s ${file} ]; do sleep 0.05; done\nexit 1\n`, { mode: 0o755 });
  startAgent(REAL, undefined, { CASARE_BROWSER: program });
  const run = assignment({}, [{ open: { call: 'browser.open', with: { url: 'http://127.0.0.1:9/' } } }]);
  await assign(run);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.failed', error: { code: 'BROWSER_NOT_STARTED' } });
  const stray = Number(readFileSync(file, 'utf8'));
  expect(stray).toBeGreaterThan(1);
  await vi.waitFor(() => expect(startTicksOf(stray)).toBeNull(), SLOW);
});

test('cancel: a step that begins too late leaves no trace, also when it went on without waiting', async () => {
  startAgent(SCRIPTED);
  const read = { ...stepStarted('/do/1'), effect: 'idempotent', onRestart: 'rerun' };
  const late = [{ note: read }, { note: stepCompleted('/do/1') }];
  const run = scripted([{ note: { ...read, position: '/do/0' } }, 'wait for cancel', ...late, 'ignore cancel']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 500, reason: 'no' });
  expect(types(await ended(run))).toEqual(['step.started', 'run.cancelled']);
});

test('cancel: the end of a step is recorded also when it comes with a start that is too late', async () => {
  startAgent(SCRIPTED);
  const late = [{ note: stepCompleted('/do/0') }, { record: stepStarted('/do/1') }];
  // The line is written after the step was given leave: a start that is still being flushed would be recorded as undone.
  const begun = [{ record: stepStarted('/do/0') }, { record: logLine('answered') }];
  const run = scripted([...begun, 'wait for cancel', ...late]);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(2), SLOW);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 5_000, reason: 'no' });
  expect(types(await ended(run))).toEqual(['step.started', 'run.log', 'step.completed', 'run.cancelled']);
});

test('a worker that says what is no message is told what was wrong with it, and its run ends by that', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: { ...stepStarted('/do/0'), effect: 'harmless' } }]);
  await assign(run);
  const { body } = (await ended(run)).at(-1)!;
  expect(body).toMatchObject({ type: 'run.failed', error: { code: 'MESSAGE_INVALID' } });
  expect(JSON.stringify(body)).toContain('body.effect');
});

test('cancel: a step that acts already is on record with its end, though its start comes after the cancel', async () => {
  startAgent(SCRIPTED);
  const acts = [{ goAhead: stepStarted('/do/1') }, { record: stepCompleted('/do/1') }, 'ignore cancel'];
  const run = scripted([{ record: stepStarted('/do/0', 'rerun') }, 'wait for cancel', ...acts]);
  await assign(run);
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toEqual(['step.started']), SLOW);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 1_000, reason: 'no' });
  expect(types(await ended(run))).toEqual(['step.started', 'step.started', 'step.completed', 'run.cancelled']);
});

test('cancel: a real run stops softly', async () => {
  startAgent(REAL);
  const run = assignment({}, [{ pause: { wait: { minutes: 5 } } }]);
  await assign(run);
  await vi.waitFor(() => expect(types(peer.eventsOf(run))).toContain('step.started'), SLOW);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 60_000, reason: 'not today' });
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.cancelled' });
});

test('a step that must not be repeated waits for the lease', async () => {
  peer.answersPings = false;
  peer.leaseMs = 1_000;
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0', 'rerun') }, { record: stepStarted('/do/1') }, 'complete']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  expect(agent.outbox.run(run)?.lastSeq).toBe(1);
  agent.supervisor.renewed(systemClock.now(), 60_000);
  expect(types(await ended(run))).toEqual(['step.started', 'step.started', 'run.completed']);
});

test('a worker that stood still beyond the lease with its leave in hand asks again before it acts', async () => {
  peer.answersPings = false;
  startAgent(SCRIPTED);
  const file = join(folder, 'go-on');
  const run = scripted([{ standStillUntil: file, record: stepStarted('/do/0') }, 'complete']);
  await assign(run);
  // Its record reaches the peer before it is on the disk: only then comes the leave.
  await vi.waitFor(() => expect(existsSync(`${file}.held`)).toBe(true), SLOW);
  agent.supervisor.renewed(systemClock.now(), 0);
  writeFileSync(file, '');
  await vi.waitFor(() => expect(agent.logged.join()).toContain('goes on'), SLOW);
  expect(agent.outbox.run(run)?.lastSeq).toBe(1);
  agent.supervisor.renewed(systemClock.now(), 60_000);
  expect(types(await ended(run))).toEqual(['step.started', 'run.completed']);
});

test('onDisconnect hold: a step that must not be repeated waits for its acknowledgement', async () => {
  peer.acknowledges = false;
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0') }, { record: stepCompleted('/do/0') }, 'complete'], {
    onDisconnect: 'hold',
  });
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  agent.supervisor.renewed(systemClock.now(), 60_000);
  expect(agent.outbox.run(run)?.lastSeq).toBe(1);
  peer.acknowledges = true;
  peer.acknowledge(run);
  expect(types(await ended(run))).toEqual(['step.started', 'step.completed', 'run.completed']);
});

test('hold: a step that was written and never got leave is called off by a cancel, and nobody is asked', async () => {
  peer.acknowledges = false;
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0') }, 'complete'], { onDisconnect: 'hold' });
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  peer.send({ type: 'job.cancel', jobId: run.jobId, attempt: 1, graceMs: 5_000, reason: 'no' });
  expect(types(await ended(run))).toEqual(['step.started', 'step.failed', 'run.cancelled']);
});

test('hold: a step that never got leave when the agent stops starts anew after it, and nobody is asked', async () => {
  peer.acknowledges = false;
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0') }, 'complete'], { onDisconnect: 'hold' });
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  await agent.stop();
  const box = Outbox.open({ file: join(folder, 'outbox.db') });
  const journal = box.journal(run);
  box.close();
  expect(journal.map(({ body }) => body)).toMatchObject([
    { type: 'step.started' },
    { type: 'step.failed', position: '/do/0', certain: true, error: { code: 'AGENT_STOPPED' } },
  ]);
});

test('success leaves only after its outputs are stored', async () => {
  startAgent(SCRIPTED);
  peer.creditBytes = 100;
  const run = scripted([{ keep: 'report.txt', content: 'x'.repeat(50_000) }, 'complete']);
  const order: string[] = [];
  await assign(run);
  await vi.waitFor(() => expect(peer.files.size).toBe(1), SLOW);
  order.push(...types(peer.eventsOf(run)));
  expect(order).not.toContain('run.completed');
  peer.creditBytes = 1_048_576;
  peer.cut();
  await ended(run);
  const [file] = [...peer.files.values()];
  expect(file?.stored).toBe(true);
  expect(
    createHash('sha256')
      .update(file?.bytes ?? '')
      .digest('hex'),
  ).toBe(file?.open.sha256);
  expect(file?.open).toMatchObject({ name: 'report.txt', kind: 'output', bytes: 50_000 });
});

test('a file outside the run folder is refused, also through a link', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ keepPath: '/etc/passwd' }, { keepLink: '/etc/passwd' }, 'complete']);
  await assign(run);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.failed', error: { code: 'FILE_REFUSED' } });
  expect(peer.files.size).toBe(0);
});

test('a fenced run loses its worker and leaves nothing behind', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0', 'rerun') }, 'ignore cancel']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  const worker = agent.outbox.run(run)?.worker?.pid ?? 0;
  peer.send({ type: 'run.fenced', jobId: run.jobId, attempt: 1, reason: 'a newer attempt runs' });
  await vi.waitFor(() => expect(startTicksOf(worker)).toBeNull());
  expect(agent.outbox.runs()).toEqual([]);
});

test('that a fenced run has stopped is said after its worker is gone, and at once when there is none', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0', 'rerun') }, 'ignore cancel']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  const worker = agent.outbox.run(run)?.worker?.pid ?? 0;
  const key = { jobId: run.jobId, attempt: 1 };
  peer.send({ type: 'run.fenced', ...key, reason: 'nobody waits' });
  peer.send({ type: 'run.fenced', ...key, reason: 'a person settled it', confirm: true });
  await vi.waitFor(() => expect(peer.messagesOf('run.stopped')).toEqual([{ type: 'run.stopped', ...key }]), SLOW);
  expect(startTicksOf(worker)).toBeNull();
  peer.send({ type: 'run.fenced', ...key, reason: 'told again', confirm: true });
  await vi.waitFor(() => expect(peer.messagesOf('run.stopped')).toHaveLength(2), SLOW);
});

test('no slot and a full disk are refused with a code, and for good; the agent goes on', async () => {
  startAgent(SCRIPTED);
  const first = scripted([{ record: stepStarted('/do/0', 'rerun') }, 'ignore cancel']);
  await assign(first);
  await vi.waitFor(() => expect(peer.eventsOf(first)).toHaveLength(1), SLOW);
  const second = scripted(['complete']);
  peer.send(second);
  await vi.waitFor(() => expect(peer.messagesOf('job.refused')[0]).toMatchObject({ code: 'AGENT_NO_SLOT' }));
  peer.send({ type: 'run.fenced', jobId: first.jobId, attempt: 1, reason: 'make room' });
  agent.free = 10;
  const third = { ...second, attempt: 2 };
  peer.send(third);
  await vi.waitFor(() => expect(peer.messagesOf('job.refused')[1]).toMatchObject({ code: 'DISK_FULL' }));
  agent.free = 1e12;
  // There is room now, but the refusal may be on its way: it stays refused.
  peer.send(third);
  await vi.waitFor(() => expect(peer.messagesOf('job.refused')[2]).toEqual(peer.messagesOf('job.refused')[1]));
  const last = { ...second, attempt: 3 };
  peer.send(last);
  expect(types(await ended(last))).toEqual(['run.completed']);
});

test('after a restart of the agent a run goes on with fresh secrets, and a fenced one is dropped', async () => {
  startAgent(SCRIPTED);
  const run = scripted([{ record: stepStarted('/do/0', 'rerun') }, 'ignore cancel'], { secrets: { a: 'old' } });
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(1), SLOW);
  await agent.vanish();
  const lost = assignment();
  const before = Outbox.open({ file: join(folder, 'outbox.db') });
  before.accept(StoredAssignment.parse(lost));
  before.close();
  const verdict = { attempt: 1, ackedSeq: 1, cancelling: false };
  peer.verdicts = () => [
    { ...verdict, jobId: run.jobId, verdict: 'continue', secrets: { a: 'new' } },
    { ...verdict, jobId: lost.jobId, verdict: 'fenced', ackedSeq: 0, secrets: {} },
  ];
  startAgent(SCRIPTED);
  await vi.waitFor(() => expect(peer.hellos.at(-1)?.runs).toHaveLength(2), SLOW);
  await vi.waitFor(() => expect(peer.eventsOf(run)).toHaveLength(2), SLOW);
  expect(peer.eventsOf(run)[1]?.body).toMatchObject({ type: 'run.log', message: 'resumed after 1 with new' });
  expect(agent.outbox.run(lost)).toBeNull();
});

test('the environment of a worker is the allow-list; secrets are neither in it nor in its arguments', async () => {
  startAgent(SCRIPTED);
  const run = scripted(['show environment', 'complete'], { secrets: { portal: 'canary-5d41' } });
  await assign(run);
  const [first] = await ended(run);
  const shown = first?.body.type === 'run.log' ? first.body.message : '';
  expect(shown).toContain('PATH');
  expect(shown).not.toMatch(/CASARE_CANARY|canary-5d41/);
});

test('temporary files of a worker are its own and go with it, however it ends', async () => {
  startAgent(SCRIPTED);
  const run = scripted(['show environment', 'die']);
  await assign(run);
  await vi.waitFor(() => expect(peer.eventsOf(run)).not.toEqual([]), SLOW);
  const [first] = peer.eventsOf(run);
  const shown = first?.body.type === 'run.log' ? first.body.message : '';
  const [{ TMPDIR: temporary = '' }] = JSON.parse(shown) as [NodeJS.ProcessEnv];
  expect(dirname(temporary)).toBe(tmpdir());
  await ended(run);
  await vi.waitFor(() => expect(existsSync(temporary)).toBe(false));
});

test('temporary files of a worker that ended with its agent go at the next start', async () => {
  startAgent(SCRIPTED);
  await agent.stop();
  const run = assignment();
  const marker = randomUUID();
  const box = Outbox.open({ file: join(folder, 'outbox.db') });
  box.accept(StoredAssignment.parse(run));
  box.recordWorker(run, { pid: 0, startTicks: 0, marker });
  box.close();
  const left = makeScratch(marker);
  writeFileSync(join(left, 'raw.trace'), 'cookie');
  expect(statSync(left).mode & 0o777).toBe(0o700);
  startAgent(SCRIPTED);
  expect(existsSync(left)).toBe(false);
});

test('a run whose folder cannot be made ends with a code; the session and the agent go on', async () => {
  startAgent(SCRIPTED);
  const run = scripted(['complete']);
  writeFileSync(join(folder, 'runs', run.jobId), 'in the way');
  await assign(run);
  expect((await ended(run)).at(-1)?.body).toMatchObject({ type: 'run.failed', error: { code: 'RUN_NOT_STARTED' } });
  expect(peer.hellos).toHaveLength(1);
  const next = scripted(['complete']);
  peer.send(next);
  expect(types(await ended(next))).toEqual(['run.completed']);
});
