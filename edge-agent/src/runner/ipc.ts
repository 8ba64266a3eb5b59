/** Messages between the agent and a worker process, parsed by whom they reach. Both are ours; a stray one ends the worker. */
import {
  ArtifactKind,
  ArtifactName,
  RunEvent,
  RunEventBody,
  SecretRulesByName,
  Secrets,
  StepCompleted,
} from '@casare/shared/protocol';
import { z } from 'zod';
import { StoredAssignment } from '../outbox/index.ts';
import { Policy } from '../policy/index.ts';

const request = z.int().min(1);
const code = z.string().max(100);
const text = z.string().max(4_000);

/** Ends of steps that one message carries besides its event. */
export const ENDED_AT_ONCE = 100;

/** What the agent says. */
export const ToWorker = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    assignment: StoredAssignment,
    /** In memory only: over this channel, never by argument, environment or file. */
    secrets: Secrets,
    secretRules: SecretRulesByName.optional(),
    /** Earlier attempts' events, then this attempt's own. */
    journal: z.array(RunEvent),
    /** The run's folder; its files live in `files/` inside. */
    runFolder: z.string(),
    /** The agent's own policy, which executors keep to. From the agent alone: a job could change a file. */
    policy: Policy,
  }),
  /** The event is in the outbox under `seq`; a step that must not be repeated may act, but only before `actBefore`. */
  z.object({
    type: z.literal('recorded'),
    request,
    seq: z.int().min(0),
    /** End of the lease on both clocks, margin taken off. */
    actBefore: z.object({ mono: z.number(), wall: z.number() }).optional(),
  }),
  z.object({ type: z.literal('kept'), request, artifactId: z.uuid() }),
  /** The record or file was not taken. */
  z.object({ type: z.literal('refused'), request, code, reason: text }),
  /** Stop softly: the step in progress may finish or stop. */
  z.object({ type: z.literal('cancel'), reason: z.string().max(2_000) }),
  /** The step in progress ends and no further one starts, or that is taken back; may come before `start`. */
  z.object({ type: z.literal('pause'), on: z.boolean() }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

/** What a worker says. */
export const FromWorker = z.discriminatedUnion('type', [
  /** It waits for a job and has nothing left to prepare; never said by one whose job came first. */
  z.object({ type: z.literal('ready') }),
  /**
   * `ended`: what ended just before, in its order. They are written with the event, and answered with it. `ahead`: the step
   * that starts acts already, by the leave of one before it (`engine/barrier.ts`).
   */
  z.object({
    type: z.literal('record'),
    request,
    body: RunEventBody,
    ended: z.array(StepCompleted).max(ENDED_AT_ONCE).optional(),
    ahead: z.boolean().optional(),
  }),
  /** The leave to act came too late: the start that was recorded under `seq` asks for another one. */
  z.object({ type: z.literal('late'), request, seq: z.int().min(1), body: RunEventBody }),
  z.object({
    type: z.literal('keep'),
    request,
    name: ArtifactName,
    kind: ArtifactKind,
    mediaType: z.string().max(200),
    masked: z.boolean().optional(),
    /** Absolute path inside the run's folder. */
    path: z.string().max(4_096),
    position: z.string().max(3_000).optional(),
  }),
  /** The engine cannot go on and recorded no ending: the agent decides what the run's end is. */
  z.object({ type: z.literal('broken'), code, reason: text }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string().max(16_000),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
