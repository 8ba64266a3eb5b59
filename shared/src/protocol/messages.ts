/**
 * Tunnel protocol v1 (design section 8): every text frame is one of these messages, a discriminated union on `type`.
 * Both ends parse what they receive AND what they send.
 *
 * Delivery: while a tunnel lives, frames arrive in order. Across tunnels everything is at-least-once and keyed by
 * (job, attempt): `hello` lists what the agent holds, `welcome` answers with a verdict for each run, the server sends
 * again every assignment the agent did not list, the agent sends again every event above `ackedSeq`. Repeats change
 * nothing.
 */
import { z } from 'zod';
import { Sealed, SealingPublicKey } from '../sealing/shapes.ts';
import { EVENTS_PER_MESSAGE, ROOTS_PER_BUNDLE, RUNS_PER_AGENT } from './limits.ts';
import { RunEvent } from './run-events.ts';
import { SecretRulesByName } from './secret-rules.ts';
import { SignatureEnvelope } from './signature.ts';

const run = { jobId: z.uuid(), attempt: z.int().min(1).max(1_000_000) };
const reason = z.string().max(2_000);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** `name` or `name=value`, lower-case name; what was probed on the agent or declared by its owner. */
export const Capability = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9.-]*(=[^\s=]{1,128})?$/);

/** How many jobs of each kind an agent can run at once. */
export const Slots = z.object({
  plain: z.int().min(0).max(1_000),
  browser: z.int().min(0).max(1_000),
  desktop: z.int().min(0).max(100),
});
export type Slots = z.infer<typeof Slots>;
export const SlotKind = z.enum(['plain', 'browser', 'desktop']);
export type SlotKind = z.infer<typeof SlotKind>;

/** Facts about the agent's machine, for people. They never route a job. */
export const AgentFacts = z.object({
  hostname: z.string().max(255),
  os: z.string().max(100),
  arch: z.string().max(50),
  agentVersion: z.string().max(50),
  nodeVersion: z.string().max(50),
});
export type AgentFacts = z.infer<typeof AgentFacts>;

/** Rises with each restore of the control plane's record from a backup. */
const StoreEpoch = z.int().min(1).max(2_147_483_647);

/** A run that the agent's outbox holds. */
export const HeldRun = z.object({
  ...run,
  /** The last event number in the outbox; 0 for none. */
  lastSeq: z.int().min(0),
  /** `finished`: the ending is in the outbox and only waits to be acknowledged. */
  phase: z.enum(['waiting', 'running', 'finished']),
  /**
   * Up to here the agent was told that its events are committed. A record that has less went back to an earlier time. All of
   * a `finished` run: it is only kept until its files are stored, and what becomes of it needs no verdict.
   */
  ackedSeq: z.int().min(0).optional(),
});

export type HeldRun = z.infer<typeof HeldRun>;

const Hello = z.object({
  type: z.literal('hello'),
  protocol: z.literal(1),
  /** Random per agent process: tells a reconnect from a second holder of the same certificate. */
  instance: z.uuid(),
  /** Counts the agent's starts; of two sessions the higher (epoch, then later) wins. */
  epoch: z.int().min(1),
  facts: AgentFacts,
  /** Probed on this machine: these route jobs. */
  capabilities: z.array(Capability).max(200),
  /** Declared by the agent's owner: shown to people, routes nothing. */
  declared: z.array(Capability).max(100),
  slots: Slots,
  runs: z.array(HeldRun).max(RUNS_PER_AGENT),
  /** Digest of the bundle that the agent verifies gateways by. An agent that sends it knows the messages of trust. */
  bundle: sha256.optional(),
  /** The highest `storeEpoch` that it was welcomed with. */
  storeEpoch: StoreEpoch.optional(),
  /** How long ago its leases ended, milliseconds; 0 while they hold. Absent: not known. */
  unleasedMs: z.int().min(0).optional(),
  /** The public half of the key that secrets are sealed to for this agent. Absent: it opens none. */
  sealingKey: SealingPublicKey.optional(),
  /** It knows `job.pause` and `job.resume`, which only such an agent is sent. */
  pauses: z.boolean().optional(),
});

const Capabilities = z.object({
  type: z.literal('capabilities'),
  capabilities: z.array(Capability).max(200),
  slots: Slots,
});

const Ping = z.object({
  type: z.literal('ping'),
  n: z.int().min(0),
  /** How busy the machine is: runnable tasks for each processor, where the system says so. Others get jobs first. */
  load: z.number().min(0).max(1_000).optional(),
});
/** The assignment is in the outbox, flushed. */
const JobAccepted = z.object({ type: z.literal('job.accepted'), ...run });
/** The agent will not run it: its policy, a full disk, no such step. */
const JobRefused = z.object({ type: z.literal('job.refused'), ...run, code: z.string().max(100), reason });
const RunEvents = z.object({
  type: z.literal('run.events'),
  ...run,
  events: z.array(RunEvent).min(1).max(EVENTS_PER_MESSAGE),
});

/** Nothing of the fenced attempt runs any more. Only where `run.fenced` asked for it: older gateways do not know it. */
const RunStopped = z.object({ type: z.literal('run.stopped'), ...run });

/** All but `output` is evidence of steps: kept so that people can look at a run, and dropped first when there is no room. */
export const ArtifactKind = z.enum(['output', 'screenshot', 'trace', 'log', 'snapshot', 'network', 'console']);
export type ArtifactKind = z.infer<typeof ArtifactKind>;
/** A name inside the run's folder: forward slashes, no `..`, no drive, no leading slash, no control character. */
export const ArtifactName = z
  .string()
  .min(1)
  .max(500)

  .regex(/^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\u0000-\u001f\u007f\\:]+$/);

const ArtifactOpen = z.object({
  type: z.literal('artifact.open'),
  /** Chosen by the agent, unique within the session. */
  stream: z.int().min(1).max(4_294_967_295),
  ...run,
  /** Chosen by the agent before the first try: opening the same artifact again is answered with `artifact.stored`. */
  artifactId: z.uuid(),
  name: ArtifactName,
  kind: ArtifactKind,
  mediaType: z.string().max(200),
  bytes: z.int().min(0),
  sha256,
  position: z.string().max(3_000).optional(),
});
/** All bytes were sent. */
const ArtifactEnd = z.object({ type: z.literal('artifact.end'), stream: z.int().min(1) });
const ArtifactAbort = z.object({ type: z.literal('artifact.abort'), stream: z.int().min(1), reason });

/**
 * Asks for a certificate for a new key: a PKCS#10 request, DER, of which only the public key is used. Asked again with
 * the same key it is answered with the same certificate while that was not used, with another one otherwise.
 */
const CertificateRenew = z.object({ type: z.literal('certificate.renew'), csr: z.base64().min(1).max(8_192) });
/** The bundle of this digest is on disk and verifies the next connection. Saying so again changes nothing. */
const BundleAck = z.object({ type: z.literal('bundle.ack'), digest: sha256 });

/**
 * In the place of `hello`: this agent goes for good, and is decommissioned. Answered by the end of the session:
 * with `left` it is done, with any other code it is not.
 */
const AgentLeave = z.object({ type: z.literal('agent.leave') });

/** What an agent may say. */
export const AgentMessage = z.discriminatedUnion('type', [
  Hello,
  Capabilities,
  Ping,
  JobAccepted,
  JobRefused,
  RunEvents,
  RunStopped,
  ArtifactOpen,
  ArtifactEnd,
  ArtifactAbort,
  CertificateRenew,
  BundleAck,
  AgentLeave,
]);
export type AgentMessage = z.infer<typeof AgentMessage>;

/** Secret values by name; each is text or an object of texts. Held in memory only, never written. */
export const Secrets = z.record(z.string().max(100), z.union([z.string(), z.record(z.string(), z.string())]));
export type Secrets = z.infer<typeof Secrets>;
/** Names of secrets that the control plane has no value of: the agent looks among those that are on its premises. */
const localSecrets = z.array(z.string().max(100)).max(1_000).optional();

/** Secrets by name that are sealed to this agent: it opens them itself (see `sealing`). Agents without a sealing key get none. */
export const SealedSecrets = z.record(
  z.string().max(100),
  z.object({ version: z.int().min(1).max(2_147_483_647), sealed: Sealed }),
);
export type SealedSecrets = z.infer<typeof SealedSecrets>;

/** What people said last about a run: their words are counted, and one that comes late, after a later one, changes nothing. */
export const PauseWish = z.object({ word: z.int().min(1).max(2_147_483_647), paused: z.boolean() });
export type PauseWish = z.infer<typeof PauseWish>;

/** The server's verdict on a run that the agent holds. */
export const Welcomed = z.object({
  ...run,
  verdict: z.enum(['continue', 'fenced']),
  /** Events up to here are committed: the agent may forget them and sends the rest. */
  ackedSeq: z.int().min(0),
  /** Fresh copies for a run whose agent restarted. */
  secrets: Secrets,
  secretRules: SecretRulesByName.optional(),
  sealedSecrets: SealedSecrets.optional(),
  localSecrets,
  cancelling: z.boolean(),
  /** Absent: nobody has said anything, and it goes on. */
  pause: PauseWish.optional(),
});
export type Welcomed = z.infer<typeof Welcomed>;

/** How the control plane sees the agent, for people: its state in the words of the API, which may get new ones. */
const agentState = z.string().max(40);

const Welcome = z.object({
  type: z.literal('welcome'),
  session: z.uuid(),
  pingMs: z.int().min(100),
  deadMs: z.int().min(100),
  leaseMs: z.int().min(1_000),
  runs: z.array(Welcomed).max(RUNS_PER_AGENT),
  storeEpoch: StoreEpoch.optional(),
  agentState: agentState.optional(),
  /** Of the control plane. */
  version: z.string().max(40).optional(),
});

export const OnDisconnect = z.enum(['continue', 'hold']);
export type OnDisconnect = z.infer<typeof OnDisconnect>;

export const JobAssign = z.object({
  type: z.literal('job.assign'),
  ...run,
  generation: z.int().min(1),
  workflow: z.object({
    namespace: z.string(),
    name: z.string(),
    version: z.string(),
    /** SHA-256 of the saved source. */
    digest: sha256,
    /** The document, normalised: short forms expanded, versions pinned. */
    document: z.json(),
    /** Who vouches for it, where somebody does; agents judge it by keys of their own. */
    signature: SignatureEnvelope.optional(),
  }),
  input: z.json(),
  /** Who asked for the job, as the control plane knows them: for the agent's audit log. */
  requestedBy: z.string().max(300).optional(),
  secrets: Secrets,
  /** What each may be used for; the agent keeps to it. */
  secretRules: SecretRulesByName.optional(),
  sealedSecrets: SealedSecrets.optional(),
  localSecrets,
  slot: SlotKind,
  onDisconnect: OnDisconnect,
  /** Absent: none. Counted from the start of the attempt; what comes first, the end of the job's time or the attempt's. */
  timeLimit: z.object({ ms: z.int().min(1), of: z.enum(['job', 'attempt']) }).optional(),
  /** What earlier attempts of this generation recorded, oldest first; empty for a first attempt. */
  journal: z.array(RunEvent).max(100_000),
  /** Files earlier attempts stored. */
  artifacts: z.array(z.object({ artifactId: z.uuid(), name: ArtifactName, bytes: z.int(), sha256 })).max(10_000),
});
export type JobAssign = z.infer<typeof JobAssign>;

/** Soft first: the step in progress may finish or stop; after `graceMs` the agent kills the worker's process tree. */
export const JobCancel = z.object({
  type: z.literal('job.cancel'),
  ...run,
  graceMs: z.int().min(0).max(600_000),
  reason,
});
export type JobCancel = z.infer<typeof JobCancel>;
/** The step under way ends, and no further one starts: then the run says `run.paused`. Told again over each session. */
const JobPause = z.object({ type: z.literal('job.pause'), ...run, word: PauseWish.shape.word });
/** Takes a pause back: the run goes on where it stood. */
const JobResume = z.object({ type: z.literal('job.resume'), ...run, word: PauseWish.shape.word });
/** Every event up to `seq` is committed. */
const RunAck = z.object({ type: z.literal('run.ack'), ...run, seq: z.int().min(0) });
/**
 * This attempt may write no more: stop it and forget it. `confirm`: say `run.stopped` when nothing of it runs any more, at
 * once when nothing does; told again over the next session until that came.
 */
const RunFenced = z.object({ type: z.literal('run.fenced'), ...run, reason, confirm: z.boolean().optional() });
/** Answers `ping` n, only after the gateway's heartbeat committed: leases are renewed from the moment ping n was sent. */
const Pong = z.object({
  type: z.literal('pong'),
  n: z.int().min(0),
  leaseMs: z.int().min(0),
  /** Only when it has changed since it was told. */
  agentState: agentState.optional(),
});
/** The agent may have sent this stream's bytes up to `upTo` (exclusive), starting at `from` when it has just opened. */
const ArtifactCredit = z.object({
  type: z.literal('artifact.credit'),
  stream: z.int().min(1),
  from: z.int().min(0),
  upTo: z.int().min(0),
});
/** The file is on disk, its hash checked, its row committed. */
const ArtifactStored = z.object({ type: z.literal('artifact.stored'), stream: z.int().min(1), artifactId: z.uuid() });
const ArtifactRefused = z.object({
  type: z.literal('artifact.refused'),
  stream: z.int().min(1),
  code: z.string().max(100),
  reason,
});
/** Connect anew, after a random part of `withinMs`; this session serves until the new one is welcomed. */
const Goaway = z.object({ type: z.literal('goaway'), withinMs: z.int().min(0), reason });

const pem = z.string().min(1).max(20_000);
const delayMs = z.int().min(0).max(604_800_000);
/**
 * Committed. Leaf first, then the CA that signed it, PEM. Its first use makes it the agent's certificate and the one
 * before it void; until then both work. `generation` counts the agent's certificates.
 */
const CertificateIssued = z.object({
  type: z.literal('certificate.issued'),
  chain: z.string().min(1).max(40_000),
  generation: z.int().min(1).max(2_147_483_647),
});
/** No certificate now; ask again after `retryMs` at the earliest. */
const CertificateRefused = z.object({
  type: z.literal('certificate.refused'),
  code: z.string().max(100),
  reason,
  retryMs: delayMs,
});
/** Renew now, after a random part of `withinMs`. Told again until it is done. */
const CertificateDue = z.object({ type: z.literal('certificate.due'), withinMs: delayMs, reason });
/** Verify gateways by these roots from the next connection on, and say `bundle.ack`. Told again until that came. */
const BundleUpdate = z.object({
  type: z.literal('bundle.update'),
  digest: sha256,
  roots: z.array(pem).min(1).max(ROOTS_PER_BUNDLE),
});

/** What the control plane may say. */
export const ServerMessage = z.discriminatedUnion('type', [
  Welcome,
  JobAssign,
  JobCancel,
  JobPause,
  JobResume,
  RunAck,
  RunFenced,
  Pong,
  ArtifactCredit,
  ArtifactStored,
  ArtifactRefused,
  Goaway,
  CertificateIssued,
  CertificateRefused,
  CertificateDue,
  BundleUpdate,
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** WebSocket close codes of our own (RFC 6455, section 7.4.2: 4000-4999 are private). */
export const CLOSE = {
  /** Ordinary end: the other side is stopping. */
  goingAway: 1001,
  badMessage: 4400,
  notAdmitted: 4403,
  /** The agent has asked for it (`agent.leave`), and is decommissioned. */
  left: 4405,
  helloExpected: 4408,
  replaced: 4409,
  /** Renew over the enrol listener, by a signature of the old key. */
  certificateExpired: 4410,
  /** Its CA was retired: renew over the enrol listener, as for an expired one. */
  certificateRetired: 4411,
  locked: 4423,
  /** Its tenant is suspended: what runs goes on inside its lease; try again. */
  suspended: 4424,
} as const;
