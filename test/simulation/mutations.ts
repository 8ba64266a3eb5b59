/**
 * Bugs put into the product on purpose, each in a copy of the built programs: the checker must find every one. `find` is
 * text of the compiled file, which has the code of the source without its types.
 */

/** One bug. */
export interface Mutation {
  readonly name: string;
  /** Below the root of the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** A part of what the checker says. */
  readonly caughtBy: RegExp;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'an attempt that may have acted is queued again when its agent falls silent',
    file: 'control-plane/dist/jobs/lost-lease.decision.js',
    find: 'const mayHaveActed = lost.openUnsafe !== null || (!holds && lost.unsafeReachable);',
    replace: 'const mayHaveActed = false;',
    caughtBy: /^3: /,
  },
  {
    name: 'events are acknowledged before they are committed',
    file: 'control-plane/dist/jobs/event-batcher.js',
    find: 'const answers = await this.#write(batch.map((waiting) => waiting.message));',
    replace: `for (const { message, resolve } of batch) resolve({ outcome: 'acked', seq: message.events.at(-1).seq });
      const answers = await this.#write(batch.map((waiting) => waiting.message));`,
    caughtBy: /^1: .*acknowledged and is lost/,
  },
  {
    name: 'a submit is answered before it is committed',
    file: 'control-plane/dist/jobs/submit.service.js',
    find: 'if (await this.#write(by.tenant, { jobs, key, apart: idempotencyKey }))',
    replace: 'void this.#write(by.tenant, { jobs, key, apart: idempotencyKey }); if (true)',
    caughtBy: /^1: job .* is not on record/,
  },
  {
    name: 'an idempotency key that is taken is taken again',
    file: 'control-plane/dist/jobs/submit.service.js',
    find: 'key === null || taken.has(key.key)',
    replace: 'true',
    caughtBy: /^1: .* was answered with other jobs/,
  },
  {
    name: 'a reviewed attempt keeps its lease',
    file: 'control-plane/dist/jobs/steer.service.js',
    find: 'await end(tx, [{ ...lease, outcome: `reviewed: ${decision}` }]);',
    replace: '',
    caughtBy: /^2: job .* is \w+ with a lease/,
  },
  {
    name: 'a job that ends keeps its concurrency key',
    file: 'control-plane/dist/jobs/record.js',
    find: 'releaseKeys(tx, over),',
    replace: '',
    caughtBy: /^(10: .* left in job_key|stuck: )/,
  },
  {
    name: 'a refused job is put nowhere',
    file: 'control-plane/dist/jobs/settle.js',
    find: 'await startWaiting(tx, key.tenant, key.jobId, verdict.afterMs);',
    replace: ';',
    caughtBy: /^10: job .* is pending and has 0 places/,
  },
  {
    name: 'under `hold` the agent does not wait until the start of a step is on record',
    file: 'edge-agent/dist/runner/leave.js',
    find: 'if (acknowledged !== null && acknowledged < held.seq)',
    replace: 'if (false)',
    caughtBy: /^3: /,
  },
  {
    name: 'the agent forgets a run whose ending is not acknowledged',
    file: 'edge-agent/dist/runner/settlement.js',
    find: 'run === null || run.ackedSeq < run.lastSeq',
    replace: 'run === null',
    caughtBy: /./,
  },
  {
    name: 'the worker does not judge its leave to act again after it stood still',
    file: 'edge-agent/dist/runner/worker-channel.js',
    find: 'answer.actBefore !== undefined && isOver(answer.actBefore, this.#now())',
    replace: 'false',
    caughtBy: /^3: .* (after the end of the lease|acted when its lease had been taken away)/,
  },
  {
    name: 'nobody promotes what waits',
    file: 'control-plane/dist/jobs/sweeps.js',
    find: 'const due = await takeDue(tx, BATCH);',
    replace: 'const due = [];',
    caughtBy: /^stuck: /,
  },
  {
    name: 'failures are retried for ever',
    file: 'control-plane/dist/jobs/retry.decision.js',
    find: 'failures >= policy.attempts ||',
    replace: '',
    caughtBy: /^10: job .* is tried for the/,
  },
  {
    name: 'a cancelled job whose agent falls silent is queued again',
    file: 'control-plane/dist/jobs/lost-lease.decision.js',
    find: "if (lost.state === 'cancelling')",
    replace: 'if (false)',
    caughtBy: /^cancel: /,
  },
  {
    name: 'an assignment that comes twice is started twice',
    file: 'edge-agent/dist/runner/supervisor.js',
    find: 'if (!this.#active.has(idOf(key)))',
    replace: 'if (true)',
    caughtBy: /^3: .* (acted 2 times|acted when its lease had been taken away)/,
  },
  {
    name: 'deadlines are not looked for',
    file: 'control-plane/dist/jobs/sweeps.js',
    find: "once('deadlines', 1_000, (signal) => passDeadlines(deps, signal));",
    replace: '',
    caughtBy: /^(stuck|10): /,
  },
  {
    name: 'a concurrency key is free as soon as its holder has begun',
    file: 'control-plane/dist/jobs/record.js',
    find: 'releaseKeys(tx, over),',
    replace: 'releaseKeys(tx, writes),',
    caughtBy: /run under one concurrency key/,
  },
  {
    name: 'lost leases are not looked for',
    file: 'control-plane/dist/jobs/sweeps.js',
    find: "once('lost leases', 2_000, (signal) => settleSilent(deps, signal));",
    replace: '',
    caughtBy: /^stuck: /,
  },
  {
    name: 'a write without a lease is acknowledged',
    file: 'control-plane/dist/jobs/record.js',
    find: "return [message, { outcome: 'fenced', reason }];",
    replace: "return [message, { outcome: 'acked', seq: last }];",
    caughtBy: /^1: event .* was acknowledged and is lost/,
  },
  {
    name: 'a reviewed attempt is not fenced',
    file: 'control-plane/dist/jobs/steer.service.js',
    find: 'await raise(tx, lease);',
    replace: '',
    caughtBy: /^3: .* (was leased while attempt \d+ may act|acted when its lease had been taken away)/,
  },
  {
    name: 'a lost lease has no margin',
    file: 'control-plane/dist/jobs/sweeps.js',
    find: 'marginMs: LEASE_MARGIN_MS,',
    replace: 'marginMs: 0,',
    caughtBy: /^3: .* (was taken from its agent, whose lease lasts|was queued again, and .* has acted)/,
  },
  {
    name: 'a person answers for an attempt that may still act',
    file: 'control-plane/dist/jobs/steer.service.js',
    find: 'if (goesOn && lease && silentMs <= 0)',
    replace: 'if (false)',
    caughtBy: /^3: a person answered for .* while it may act/,
  },
];
