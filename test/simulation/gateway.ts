/**
 * A replica of the control plane: the real jobs room, heartbeat and tunnel sessions on the database in memory. Greetings
 * and the watch over sessions are short models (the real ones read tables of the fleet); goaway and trust are left out.
 */
import type { WebSocket } from 'ws';
import { LEASE_MS, PING_MS, DEAD_MS, SERVER_FRAME_BYTES, CLOSE } from '@casare/shared/protocol';
import { GatewayBeat, HEARTBEAT_MS } from '../../control-plane/dist/fleet/gateway-beat.js';
import { TunnelSession } from '../../control-plane/dist/fleet/tunnel-session.js';
import type { Greeting, Opened, Session, SessionContext } from '../../control-plane/dist/fleet/session-context.js';
import { createJobs, type Jobs } from '../../control-plane/dist/jobs/jobs.module.js';
import * as sessions from '../../control-plane/dist/jobs/session.store.js';
import type { RunnableWorkflow } from '../../control-plane/dist/jobs/workflows.port.js';
import { LiveService } from '../../control-plane/dist/live/index.js';
import type { Database } from '../../control-plane/dist/platform/database/index.js';
import { createIds, type Ids } from '../../control-plane/dist/platform/ids.js';
import { startLoop } from '../../control-plane/dist/platform/loop.js';
import type { Port } from './memory/database.ts';
import { TENANT, type Setting } from './setting.ts';
import type { End } from './world/wire.ts';

const WATCH_MS = 1_000;
const FAR = new Date('2099-01-01T00:00:00.000Z');
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export class Gateway {
  readonly name: string;
  readonly jobs: Jobs;
  readonly #world: Setting;
  readonly #db: Database;
  readonly #ids: Ids;
  readonly #beat: GatewayBeat;
  readonly #context: SessionContext;
  readonly #open = new Set<Session>();
  readonly #held = new Map<string, Session>();
  readonly #closing = new Set<Session>();
  readonly #cuts = new Set<() => void>();
  readonly #died = Promise.withResolvers<undefined>();
  #alive = true;
  #ready = false;

  constructor(name: string, world: Setting, workflows: ReadonlyMap<string, RunnableWorkflow>) {
    this.name = name;
    this.#world = world;
    this.#db = world.server.connect(this.#port());
    const clock = { now: () => new Date(world.time.wall()), monotonicMs: () => world.time.now };
    this.#ids = createIds(clock, (bytes) => world.chance.bytes(bytes));
    const base = { db: this.#db, clock, log: silent, ids: this.#ids, live: new LiveService(this.#db) };
    this.jobs = createJobs({
      ...base,
      home: '/nowhere',
      heartbeatMs: HEARTBEAT_MS,
      times: { overdueMs: world.overdueMs },
      fitness: () => Promise.resolve([]),
      agentIds: () => Promise.resolve([]),
      workflows: {
        resolve: (_, reference) => Promise.resolve(workflows.get(reference)!),
        validateInput: () => [],
      },
      secrets: { secretsFor: () => Promise.resolve({ values: {}, rules: {}, missing: [] }) },
    });
    this.#judgeAnswers();
    this.#beat = new GatewayBeat({ ...base, onLost: () => [...this.#open].forEach((one) => one.close(1001, 'lost')) });
    this.#context = {
      ...base,
      ...{ runs: this.jobs.runs, dispatcher: this.jobs.dispatcher, beat: this.#beat },
      limits: { helloMs: 10_000, pingMs: PING_MS, deadMs: DEAD_MS, leaseMs: LEASE_MS, frameBytes: SERVER_FRAME_BYTES },
      greetings: (greeting: Greeting) => this.#greet(greeting),
      opened: (session: Session) => this.#opened(session),
      ended: (session: Session) => this.#ended(session),
      arrived: () => undefined,
      unsendable: () => world.history.violated('an assignment could not be sent'),
    } as unknown as SessionContext;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** True when it takes tunnels and requests. */
  get serves(): boolean {
    return this.#alive && this.#ready;
  }

  /** Rejects when the database cannot be asked: the process would end, and be started again. */
  async start(): Promise<void> {
    await this.#beat.start();
    await this.jobs.start();
    const run = async (): Promise<void> => {
      // A dead process does nothing more.
      if (!this.#alive) return this.#died.promise.then(() => new Promise(() => undefined));
      for (const session of this.#open) session.tick(this.#world.time.now, this.#world.time.wall());
      await this.#watch();
      await this.#writeEnds();
    };
    startLoop({ name: 'sessions', intervalMs: WATCH_MS, log: silent, run });
    this.#ready = true;
  }

  /** Takes an agent's connection. */
  accept(agentId: string, end: End, cut: () => void): void {
    this.#cuts.add(cut);
    const peer = {
      tenant: TENANT,
      agentId,
      serial: '00',
      issuedAt: new Date(0),
      notAfter: FAR,
      caId: '',
      standsOn: [],
    };
    const socket = end as unknown as WebSocket;
    const session = new TunnelSession(this.#ids.next(), socket, { ...peer, serverCaKeyId: null }, this.#context);
    this.#open.add(session);
    end.on('close', () => this.#cuts.delete(cut));
    session.start();
  }

  /** The process dies: its calls are never answered, its connections break, its transaction is undone. */
  kill(): void {
    if (!this.#alive) return;
    this.#world.history.note(`gateway ${this.name} dies`);
    this.#alive = false;
    this.#died.resolve(undefined);
    for (const cut of this.#cuts) cut();
    this.#world.gatewayDied(this);
  }

  #port(): Port {
    const { time, chance, faults } = this.#world;
    const silence = new Promise<never>(() => undefined);
    const trouble = async (isAfter: boolean): Promise<void> => {
      const { crash, refused, answerLost, slow } = faults().database;
      if (!isAfter) await time.sleep(chance.hits(slow) ? chance.between(50, 3_000) : chance.between(0.05, 1));
      if (this.#alive && chance.hits(crash)) this.kill();
      if (!this.#alive) return silence;
      if (chance.hits(isAfter ? answerLost : refused)) {
        throw Object.assign(new Error('Connection terminated'), { code: isAfter ? 'COMMIT_UNKNOWN' : 'ECONNRESET' });
      }
    };
    return { before: () => trouble(false), after: () => trouble(true), died: this.#died.promise };
  }

  /** Whatever becomes of the answer on its way, and of the attempt at its agent. */
  #judgeAnswers(): void {
    const { runs } = this.jobs;
    const record = runs.record.bind(runs);
    runs.record = async (agent, jobId, attempt, events) => {
      const answer = await record(agent, jobId, attempt, events);
      if (answer.outcome === 'acked') this.#world.history.acknowledged(jobId, attempt, answer.seq, events);
      return answer;
    };
  }

  /** As `fleet/greetings.ts`, for agents that are all active. */
  async #greet({ session, hello, known }: Greeting): Promise<Opened> {
    const { agentId } = session.peer;
    return this.#db.transaction(async (tx): Promise<Opened> => {
      const other = (await sessions.findHeld(tx, [{ tenant: TENANT, agentId }])).get(agentId);
      if (session.state === 'closed') return { refused: { code: CLOSE.goingAway, reason: 'the session is over' } };
      if (other !== undefined && other.instance !== hello.instance && known === 'alone') return 'contested';
      const { instance, epoch } = hello;
      const opening = { tenant: TENANT, agentId, sessionId: session.id, gatewayId: this.#beat.id, instance, epoch };
      const row = { ...opening, pauses: hello.pauses === true };
      const [opened] = await sessions.openAll(tx, [row]);
      const elsewhere = opened!.gateway !== null && opened!.gateway !== this.#beat.id;
      return {
        standing: { name: agentId, state: 'active', site: null, grants: [], storeEpoch: 1 },
        elsewhere,
      } as unknown as Opened;
    });
  }

  #opened(session: Session): void {
    if (session.state === 'closed') return;
    const older = this.#held.get(session.peer.agentId);
    this.#held.set(session.peer.agentId, session);
    if (older !== undefined && older !== session) older.close(CLOSE.replaced, 'a newer session took over');
  }

  #ended(session: Session): void {
    const { agentId } = session.peer;
    this.#open.delete(session);
    this.jobs.dispatcher.disconnect(agentId, session.id);
    if (this.#held.get(agentId) === session) this.#held.delete(agentId);
    if (session.greeted) this.#closing.add(session);
  }

  /** Sessions that another gateway has replaced end here. */
  async #watch(): Promise<void> {
    const held = [...this.#held.values()];
    const rows = await sessions.findHeld(this.#db, held.map(({ peer }) => peer)); // prettier-ignore
    for (const session of held) {
      const row = rows.get(session.peer.agentId);
      if (row?.sessionId !== session.id) session.close(CLOSE.replaced, 'a newer session took over elsewhere');
    }
  }

  async #writeEnds(): Promise<void> {
    const ended = [...this.#closing];
    await Promise.all(ended.map((session) => session.settled()));
    if (ended.length === 0) return;
    const ends = ended.map((one) => ({ ...one.peer, sessionId: one.id, leaseMs: one.remainingLeaseMs() }));
    await this.#db.transaction((tx) => sessions.close(tx, ends));
    for (const session of ended) this.#closing.delete(session);
  }
}
