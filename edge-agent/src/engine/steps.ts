/**
 * What the engine needs from executors. The engine knows no browser and no desktop: it finds a step by its reference,
 * parses the arguments by the step's declaration, calls it with a deadline and parses what comes back.
 */
import type { LookupFunction } from 'node:net';
import type { ArtifactKind, RunEventBody, StepSeen } from '@casare/shared/protocol';
import type { EvidenceRules, StepDeclaration } from '@casare/shared/workflow';

export type LogLevel = Extract<RunEventBody, { type: 'run.log' }>['level'];

/** How a file of the run is to be kept. */
export interface ArtifactAbout {
  /** Name inside the run's folder, forward slashes. */
  readonly name: string;
  readonly kind: ArtifactKind;
  readonly mediaType: string;
  /** Every field that a person could have filled is covered in it. */
  readonly masked?: boolean;
}

/**
 * What the agent's own policy lets steps reach (design section 9). Asked before anything outside is touched; each
 * rejects with a `StepFailure` of type `authorization`, code `POLICY_…`, that is certain.
 */
export interface StepPolicy {
  /** True when `checkUrl` has rules about hosts: what pages load is asked about too, not only where they go. */
  readonly restrictsUrls: boolean;
  /**
   * How much of the evidence of a kind leaves the agent. The agent sees to it, whatever a step hands over; a step asks so
   * that nothing is made in vain, and for `masked` so that it is: with every field covered that a person could have filled.
   */
  evidence(kind: EvidenceKind): UploadRule;
  /** Before an address is asked, gone to, or followed from a redirect. */
  checkUrl(url: string): Promise<void>;
  /**
   * How the host of an address is looked up when a step dials it itself: where a name leads is judged at that moment, since it may
   * lead elsewhere than when `checkUrl` was asked. Absent: as the system does.
   */
  lookupFor?(url: string): LookupFunction;
  /** Before a program is started or attached to; `program` is its path, or its name where no more is known. */
  checkApplication(program: string): Promise<void>;
  /** Before a file outside the run's folder is opened. `path` is absolute and holds no links. */
  checkFile(path: string, use: FileUse): Promise<void>;
  /** Before a script that a document brings runs in a page: refused unless the policy opts in. */
  checkScript(): Promise<void>;
}

/** Kinds of evidence that the policy tells apart. */
export type EvidenceKind = 'screenshot' | 'trace' | 'log' | 'network' | 'console' | 'snapshot';
/** How much of it leaves the agent: nothing; that it exists; only what was masked; everything. */
export type UploadRule = 'none' | 'metadata' | 'masked' | 'all';

/** What a step does with a file. */
export type FileUse = 'read' | 'write';

/** What a step sees of its run. */
export interface StepContext {
  /** Aborted at the deadline, when the run is cancelled, or when an outer task times out. */
  readonly signal: AbortSignal;
  /** How long the call may take from now on, milliseconds. */
  readonly timeoutMs: number;
  /** The run's own folder; everything a step writes goes below it, files that outputs name below its `files`. */
  readonly runFolder: string;
  /** Names of the files that earlier attempts stored at the control plane, and perhaps not on this machine. */
  readonly earlierFiles?: readonly string[];
  /** Where in the run the step stands; unique. */
  readonly position: string;
  /** True when the arguments hold the value of a secret: nothing of this step may be recorded. */
  readonly usesSecret: boolean;
  /** True when a text holds the value of a secret of the run, in any encoding: it must not become a name. */
  holdsSecret(text: string): boolean;
  readonly policy: StepPolicy;
  /**
   * To be asked, by a step that says `asksWhereSecretsGo`, for each address that it takes the arguments to, before it does.
   * Throws a `StepFailure` that is certain. Absent: none of their secrets is bound to addresses.
   */
  readonly checkSecretAddress?: ((address: string) => void) | undefined;
  /** What to keep as evidence, and when; never anything while a secret is used. */
  readonly evidence: EvidenceRules;
  /** Live things that steps of this run share, such as its browser. Gone when the worker is. */
  readonly session: Map<string, unknown>;
  /** Hands a finished file over to be stored; resolves when the agent has it durably. */
  artifact(file: string, about: ArtifactAbout): Promise<void>;
  /** Notes what the step sees of the system it acts on, for its record; later facts replace earlier ones, one by one. */
  see(seen: StepSeen): void;
  /** Adds a line to the run's log; secrets are masked. */
  log(level: LogLevel, message: string): Promise<void>;
}

/** A step that can be called. */
export interface Step {
  readonly declaration: StepDeclaration;
  /** It calls `checkSecretAddress`; a step that does not gets no secret that is bound to addresses. */
  readonly asksWhereSecretsGo?: true;
  /**
   * Does it. `args` is what `declaration.with` made of the arguments; the result is parsed by `declaration.output`.
   * @throws {StepFailure} for a failure the author can understand; anything else is a runtime error 500
   */
  run(args: unknown, context: StepContext): Promise<unknown>;
}

/** Finds steps by the text after `call:`, such as `browser.click`, `browser.click:1.0.0@default`, `http`. */
export interface StepRegistry {
  find(reference: string): Step | null;
}

/**
 * True when a restarted worker lacks what the step works on. Every step of a browser or desktop slot counts, also one
 * that only opens the session: without running it again there would be none.
 */
export function usesSession(declaration: StepDeclaration): boolean {
  return declaration.needsSession || declaration.slot !== 'plain';
}
