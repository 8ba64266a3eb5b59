/** One seed: a world is made, disturbed, healed, and looked at. */
import type { RunnableWorkflow } from '../../control-plane/dist/jobs/workflows.port.js';
import { SimulatedAgent } from './agent/agent.ts';
import { History } from './checker.ts';
import { Client } from './client.ts';
import { Gateway } from './gateway.ts';
import { TENANT, type Replica, type Setting } from './setting.ts';
import { MemoryServer } from './memory/database.ts';
import { faultsOf, NO_FAULTS, type Faults } from './world/faults.ts';
import { Chance } from './world/random.ts';
import type { VirtualTime } from './world/time.ts';

/** How large a world is. */
export interface Size {
  readonly agents: number;
  readonly jobs: number;
}

/** What a seed came to. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Equal for equal runs. */
  readonly digest: string;
  readonly lines: readonly string[];
  readonly virtualMs: number;
  readonly jobs: number;
  readonly acts: number;
}

/** Faults come this long, milliseconds; then the world heals. */
const DISTURBED_MS = 240_000;
/** What is not over this long after that is stuck. */
const HEALED_MS = 3_600_000;

export class World implements Setting {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly server: MemoryServer;
  readonly history: History;
  readonly overdueMs: number;
  readonly #seed: number;
  readonly #size: Size;
  readonly #plan: Faults;
  readonly #workflows: ReadonlyMap<string, RunnableWorkflow>;
  #isHealed = false;
  #gateways: Gateway[] = [];
  #agents: SimulatedAgent[] = [];
  #born = 0;

  constructor(seed: number, size: Size, time: VirtualTime, chance: Chance) {
    this.#seed = seed;
    this.#size = size;
    this.time = time;
    this.chance = chance;
    this.#plan = faultsOf(chance);
    this.server = new MemoryServer({
      now: () => time.wall(),
      onCommit: () => this.history.committed(),
      onMissing: (why) => this.history.violated(why),
    });
    this.#workflows = workflowsOf(chance);
    this.overdueMs = chance.pick([500, 30_000]);
    this.history = new History({
      tables: this.server.tables,
      now: () => time.now,
      unsafeOf: (id) => unsafeOf(this.#workflows.get(id)!),
      underWay: (jobId) =>
        this.#agents.flatMap((agent) => agent.attemptsOf(jobId).map((attempt) => ({ agentId: agent.id, attempt }))),
    });
  }

  readonly faults = (): Faults => (this.#isHealed ? NO_FAULTS : this.#plan);

  /** Where a load balancer would send somebody. */
  someGateway(): Gateway | null {
    const serving = this.#gateways.filter((gateway) => gateway.serves);
    return serving.length === 0 ? null : this.chance.pick(serving);
  }

  /** Another one takes its place. */
  gatewayDied(gateway: Replica): void {
    this.#gateways = this.#gateways.filter((other) => other !== gateway);
    this.time.after(this.chance.between(500, 20_000), () => this.#startGateway());
  }

  async run(): Promise<Outcome> {
    const { chance, time, history } = this;
    for (let replica = 0; replica < 2; replica++) this.#startGateway();
    this.#agents = Array.from({ length: this.#size.agents }, () => new SimulatedAgent(chance.uuid(), this));
    for (const { id } of this.#agents) {
      this.server.tables.agent.insert({ tenant_id: TENANT, id, name: id, state: 'active' });
    }
    for (const agent of this.#agents) time.after(chance.between(0, 10_000), () => agent.start());
    const names = [...this.#workflows.keys()].filter((name) => name.includes('/'));
    const client = new Client(this, names);
    client.start(this.#size.jobs, DISTURBED_MS / 2);
    this.#planMoments();
    await this.#until(DISTURBED_MS, () => history.violations.length > 0);
    this.#isHealed = true;
    for (const agent of this.#agents) agent.isAway = false;
    this.#reviewLater(client);
    const isOver = (): boolean => client.unanswered === 0 && this.#isQuiet();
    await this.#until(DISTURBED_MS + HEALED_MS, () => history.violations.length > 0 || isOver());
    if (history.violations.length === 0) {
      if (client.unanswered > 0) history.violated(`stuck: ${client.unanswered} requests were never answered`);
      history.finished({ runs: this.#agents.reduce((sum, agent) => sum + agent.runs, 0) });
    }
    const { jobs, acts } = history.counts;
    const { digest, violations, lines } = history;
    return { seed: this.#seed, violations, digest, lines, virtualMs: time.now, jobs, acts };
  }

  async #until(atMs: number, done: () => boolean): Promise<void> {
    try {
      await this.time.run(atMs, done);
    } catch (error) {
      this.history.violated(`stuck: ${(error as Error).message}`);
    }
  }

  #startGateway(): void {
    const gateway = new Gateway(`g${(this.#born += 1)}`, this, this.#workflows);
    this.#gateways.push(gateway);
    gateway.start().catch(() => gateway.kill());
  }

  /** Partitions, kills and set clocks at moments of their own. */
  #planMoments(): void {
    const { chance, time } = this;
    const { partitions, gatewayKills, agent } = this.#plan;
    for (let count = 0; count < partitions.count; count++) {
      const away = this.#agents.filter(() => chance.hits(0.4));
      const [from, lasting] = [chance.between(0, DISTURBED_MS), chance.between(1_000, partitions.longestMs)];
      const set = (isAway: boolean) => () => away.forEach((one) => (one.isAway = isAway && !this.#isHealed));
      time.after(from, set(true));
      time.after(from + lasting, set(false));
    }
    for (let count = 0; count < gatewayKills; count++) {
      time.after(chance.between(5_000, DISTURBED_MS), () => this.someGateway()?.kill());
    }
    for (let count = 0; count < agent.gone; count++)
      time.after(chance.between(20_000, DISTURBED_MS / 2), () => this.#lose());
    if (agent.skewMs === 0) return;
    for (const one of this.#agents) {
      const skew = chance.between(-agent.skewMs, agent.skewMs);
      time.after(chance.between(0, DISTURBED_MS), () => one.setClock(skew));
    }
  }

  /** One that works, as soon as there is one, goes for good; never the last. */
  #lose(): void {
    if (this.#agents.length < 2 || this.#isHealed) return;
    const busy = this.#agents.filter((agent) => agent.runs > 0);
    if (busy.length === 0) this.time.after(1_000, () => this.#lose());
    else this.chance.pick(busy).leave();
  }

  /** When no fault comes any more, somebody looks after what waits for a person, and after pauses that were forgotten. */
  #reviewLater(client: Client): void {
    const look = async (): Promise<void> => {
      for (const job of this.server.tables.job.all()) {
        if (job.state === 'needs_review') await client.review(job.id);
        const wanted = (this.server.tables.job_lease.get(TENANT, job.id)?.pause_word ?? 0) % 2 === 1;
        if (job.state === 'paused' || (wanted && job.state !== 'needs_review')) await client.resume(job.id);
      }
      this.time.after(20_000, () => void look());
    };
    this.time.after(20_000, () => void look());
  }

  #isQuiet(): boolean {
    const { job, job_ready, job_lease, job_deadline, job_key } = this.server.tables;
    const isLeft = [job_ready, job_lease, job_deadline, job_key].some((table) => table.size > 0);
    if (isLeft || this.#agents.some((agent) => agent.runs > 0)) return false;
    return job.all().every(({ state }) => ['succeeded', 'failed', 'timed_out', 'cancelled'].includes(state));
  }
}

function unsafeOf({ document, analysis }: RunnableWorkflow): { positions: readonly string[]; holds: boolean } {
  const { do: list } = document as unknown as { do: readonly Record<string, object>[] };
  const steps = list.map((item, index) => ({ index, name: Object.keys(item)[0]!, task: Object.values(item)[0]! }));
  const positions = steps.filter(({ task }) => 'call' in task).map(({ index, name }) => `/do/${index}/${name}`);
  return { positions, holds: analysis.onDisconnect === 'hold' };
}

/** Workflows of one to four steps, some of which must not be repeated. */
function workflowsOf(chance: Chance): ReadonlyMap<string, RunnableWorkflow> {
  const all = new Map<string, RunnableWorkflow>();
  for (let number = 0; number < 4; number++) {
    const name = `w${number}`;
    const steps = Array.from({ length: chance.whole(1, 4) }, (_, index) => {
      const isUnsafe = number > 0 && chance.hits(0.5);
      return { [`s${index}`]: isUnsafe ? CLICK : { set: { at: index } } };
    });
    const workflow = {
      ...{ id: chance.uuid(), namespace: 'sim', name, version: '1.0.0', digest: '0'.repeat(64) },
      document: { document: { dsl: '1.0.3', namespace: 'sim', name, version: '1.0.0' }, do: steps },
      analysis: {
        ...{ slot: 'plain', capabilities: [], secrets: [], onDisconnect: chance.pick(['continue', 'hold']) },
        disconnectGraceMs: chance.pick([30_000, 120_000, 600_000]),
      },
    } as unknown as RunnableWorkflow;
    all.set(`sim/${name}`, workflow).set(workflow.id, workflow);
  }
  return all;
}

const CLICK = { call: 'browser.click:1.0.0', with: { target: 'button "Save"' } };
