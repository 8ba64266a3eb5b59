/**
 * What agent and worker host say to each other, and how a connection begins. Parsed by whom it reaches. What a worker and
 * the agent say is declared in `runner/ipc.ts`: it goes over a connection of its own, past the host.
 */
import { z } from 'zod';

/** Before anybody has proved who he is. */
export const HELLO_BYTES = 4_096;
/** From a worker: an event with the ends before it. */
export const FROM_WORKER_BYTES = 33_554_432;
/** To a worker: a run with its journal. */
export const TO_WORKER_BYTES = 268_435_456;
/** Between agent and host. */
export const HOST_BYTES = 1_048_576;
/** Workers of one host at once. */
export const MAX_WORKERS = 64;
/** Of a line that a worker prints, characters. */
export const LINE_CHARACTERS = 2_000;

const marker = z.uuid();
const nonce = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(2_000);
const setting = z.string().max(4_096).optional();
/** Of the agent's own environment. */
const Settings = z.object({ CASARE_BROWSER: setting, CASARE_DESKTOP: setting });

/** The agent's first word on a connection. */
export const Challenge = z.object({ type: z.literal('challenge'), nonce });
/** The answer of whoever has dialled: it knows the key that it names. */
export const Hello = z.object({
  type: z.literal('hello'),
  as: z.enum(['host', 'worker']),
  /** Of a worker its marker; of a host the name of its session, empty where the system has one alone. */
  id: z.string().max(100),
  nonce,
  proof: nonce,
  version: z.string().max(50),
});
export type Hello = z.infer<typeof Hello>;
/** The agent's second word: it knows the key too. */
export const Admission = z.discriminatedUnion('type', [
  z.object({ type: z.literal('admitted'), proof: nonce, settings: Settings }),
  z.object({ type: z.literal('refused'), code: z.string().max(100), reason: text }),
]);

/** What the agent says to a host. */
export const ToHost = z.discriminatedUnion('type', [
  /** Starts a worker, which dials the agent and proves itself by the ticket. */
  z.object({ type: z.literal('spawn'), marker, ticket: nonce }),
  z.object({ type: z.literal('kill'), marker }),
  /** Ends whatever is left of these workers, which another host may have started. */
  z.object({ type: z.literal('reap'), request: z.int().min(1), markers: z.array(marker).max(1_000) }),
  /** Removes what is inside the folder of a run that is over. */
  z.object({ type: z.literal('clear'), request: z.int().min(1), jobId: z.uuid() }),
]);
export type ToHost = z.infer<typeof ToHost>;

const Probe = z.object({
  browser: z.object({
    ok: z.boolean(),
    path: text.nullable(),
    version: text.nullable(),
    sandbox: z.boolean(),
    why: text.nullable(),
  }),
  desktop: z.object({ ok: z.boolean(), found: text, many: z.boolean() }),
});

/** Bounded: it is a host that says it. */
const Session = z.object({
  id: z.int().min(0),
  user: z.string().max(256),
  isConnected: z.boolean(),
  isLocked: z.boolean(),
  width: z.int().min(0).max(100_000),
  height: z.int().min(0).max(100_000),
  dpi: z.int().min(0).max(10_000),
});

/** What a host says to the agent. */
export const FromHost = z.discriminatedUnion('type', [
  /** What the host's user can do on this machine, as it was tried. */
  z.object({ type: z.literal('probed'), ...Probe.shape }),
  /** How its session stands; said at the start, where there are sessions, and at every change. */
  z.object({ type: z.literal('session'), session: Session }),
  z.object({ type: z.literal('spawned'), marker, pid: z.int().min(0), startTicks: z.int().min(0) }),
  z.object({ type: z.literal('line'), marker, text: z.string().max(LINE_CHARACTERS) }),
  /** The worker has ended, and nothing that it started is left. */
  z.object({ type: z.literal('exit'), marker, why: text }),
  /** An order with this number is carried out. */
  z.object({ type: z.literal('done'), request: z.int().min(1) }),
]);
export type FromHost = z.infer<typeof FromHost>;
export type Probed = z.infer<typeof Probe>;
export type HostSettings = z.infer<typeof Settings>;
