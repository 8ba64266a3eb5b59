/**
 * Whether an attempt may run here: by the agent's own policy and by the secrets that are on the premises. What was refused
 * once stays refused: the refusal may be on its way, and the attempt end by it while it runs here.
 */
import { Fault } from '../fault.ts';
import type { StoredAssignment } from '../outbox/index.ts';
import { judge, type PolicyGate } from '../policy/index.ts';
import { type GivenSecrets, LocalSecrets } from '../secrets/index.ts';

/** Why an attempt is not begun here. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

export interface AdmissionOptions {
  /** The agent's own policy. */
  readonly policy: Pick<PolicyGate, 'current' | 'held'>;
  /** Which secrets are on the premises, and for whom; none when absent. */
  readonly localSecrets?: Pick<LocalSecrets, 'refusal'> | undefined;
}

type Judged = Pick<StoredAssignment, 'workflow' | 'input'>;

/** Refused attempts that are remembered. */
const REMEMBERED = 1_000;
const REASON_CHARACTERS = 2_000;
const NONE = new LocalSecrets({ providers: {}, secrets: {} });

export class Admission {
  readonly #options: AdmissionOptions;
  /** The oldest are forgotten. */
  readonly #refused = new Map<string, Refusal>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Why the attempt was refused before. */
  earlier(attempt: string): Refusal | undefined {
    return this.#refused.get(attempt);
  }

  remember(attempt: string, refusal: Refusal): void {
    this.#refused.set(attempt, refusal);
    if (this.#refused.size > REMEMBERED) this.#refused.delete(this.#refused.keys().next().value!);
  }

  /** Of one that comes now: the policy is read anew, and goes before the control plane's word. */
  ofNew(assignment: Judged, secrets: GivenSecrets): Refusal | null {
    const policy = this.#options.policy.current();
    if (policy instanceof Fault) return { code: policy.code, reason: policy.message.slice(0, REASON_CHARACTERS) };
    return this.#of(policy.policy, assignment, secrets);
  }

  /** Of one that was accepted under the policy of another day. */
  ofHeld(assignment: Judged, secrets: GivenSecrets): Refusal | null {
    return this.#of(this.#options.policy.held.policy, assignment, secrets);
  }

  #of(policy: PolicyGate['held']['policy'], assignment: Judged, { localSecrets = [] }: GivenSecrets): Refusal | null {
    const refused = judge(policy, assignment);
    if (refused !== null) return { code: refused.code, reason: refused.reason.slice(0, REASON_CHARACTERS) };
    if (localSecrets.length === 0) return null;
    const { namespace, name } = assignment.workflow;
    return (this.#options.localSecrets ?? NONE).refusal(localSecrets, `${namespace}/${name}`);
  }
}
