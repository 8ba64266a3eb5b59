/**
 * The first start of an agent that was installed with a join token: it enrols, and the token is erased. A control plane
 * that cannot be reached is waited for; one that refuses the token ends the agent with a code that is not started again.
 *
 * Invariants: an agent that has an identity keeps it, whatever lies in the token file; the token is erased only when the
 * identity is on the disk.
 */
import { describe, Fault } from '../fault.ts';
import { type AgentHome, enrol, type EnrolOptions, isEnrolled } from '../identity/index.ts';
import { EXIT, FINAL_EXITS } from './exit-codes.ts';
import { nextTryMs } from './first-enrolment.decision.ts';
import { eraseToken, tokenIn } from './join-token-file.ts';
import { plain } from './log.ts';

export interface FirstEnrolment {
  readonly home: AgentHome;
  /** All but the token; called at each try. Throws USAGE where something is missing. */
  readonly join: () => Omit<EnrolOptions, 'home' | 'now' | 'token'>;
  readonly tokenFile: string;
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly print: (line: string) => void;
  /** The agent is told to stop. */
  readonly stopped: Promise<void>;
}

/**
 * Sees to it that the home holds an agent; false when it was told to stop before. Throws NOT_ENROLLED (no token),
 * JOIN_TOKEN_UNREADABLE and what `enrol` throws, but nothing that waiting may mend.
 */
export async function enrolFirst(options: FirstEnrolment): Promise<boolean> {
  const { home, tokenFile, print } = options;
  for (let failures = 0; !isEnrolled(home); failures += 1) {
    const fault = await tryOnce(options);
    if (fault === null) continue;
    const isFinal = FINAL_EXITS.includes(fault.exitCode);
    const delayMs = nextTryMs({ code: fault.code, isFinal, failures }, options.random());
    if (delayMs === null) throw fault;
    print(`warn: ${fault.code}: ${plain(describe(fault))}; next try in ${Math.ceil(delayMs / 1_000)} s`);
    if (await isStoppedWithin(delayMs, options.stopped)) return false;
  }
  try {
    eraseToken(tokenFile);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    print(`warn: ${error.code}: ${plain(describe(error))}`);
  }
  return true;
}

/** Enrols; the fault when it could not. */
async function tryOnce({ home, join, tokenFile, now, print }: FirstEnrolment): Promise<Fault | null> {
  try {
    const token = tokenIn(tokenFile);
    if (token === null) {
      const text = `this agent is not enrolled, and there is no join token at ${tokenFile}: put one there and start it again`;
      throw new Fault('NOT_ENROLLED', text, { exitCode: EXIT.refused });
    }
    const enrolled = await enrol({ ...join(), token, home, now });
    print(`enrolled as ${plain(enrolled.name)}: agent ${enrolled.agentId}, tenant ${plain(enrolled.tenant)}`);
    if (enrolled.state === 'pending') print('a person must approve this agent before it gets jobs');
    return null;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

async function isStoppedWithin(ms: number, stopped: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([stopped.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}
