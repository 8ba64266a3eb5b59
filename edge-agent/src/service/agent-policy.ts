/** The running agent's policy: opened before anything else, told in the log and in the audit log. */
import type { AuditLog } from '../audit/index.ts';
import { Fault } from '../fault.ts';
import type { AgentHome } from '../identity/index.ts';
import { PolicyGate, type PolicyChange, policyPlace } from '../policy/index.ts';
import type { Log } from './log.ts';

/** Who that is shows when a worker host comes: nobody whose files are taken for a policy, which root's and the agent's are. */
const ANOTHER_USER = -1;

/**
 * Reads the policy. An agent without the policy that it should have does nothing.
 * @param audit null as long as there is none
 * @param isHosted jobs run as another user than the agent
 * @throws Fault POLICY_…
 */
export function openPolicy(
  home: AgentHome,
  named: string | undefined,
  log: Log,
  audit: () => AuditLog | null,
  isHosted: boolean,
): PolicyGate {
  const changed = (change: PolicyChange): void => {
    const tell = (action: string, detail: Readonly<Record<string, unknown>>): void =>
      audit()?.add({ action, actor: 'agent', subject: 'policy', detail });
    if ('fault' in change) {
      const { code, message } = change.fault;
      log('error', `no job is taken: ${code}: ${message}`);
      tell('policy.faulty', { code, message });
    } else {
      const { file, digest } = change.to;
      log('info', `policy ${file}, changed: ${digest.slice(0, 16)}`);
      tell('policy.changed', { file, digest });
    }
  };
  return new PolicyGate(policyPlace(named, home.root), changed, isHosted ? ANOTHER_USER : undefined);
}

/** What an agent that has started says of its policy. */
export function tellPolicy(gate: PolicyGate, log: Log): void {
  const { file, digest, exposed } = gate.held;
  log('info', file === null ? 'no policy: jobs may do what steps can do' : `policy ${file}, ${digest.slice(0, 16)}`);
  if (exposed) log('warn', `jobs run as the user that ${file} belongs to and could change it: give it to another user`);
}

/** For people: which policy holds, or why no job is taken. */
export function policyText(gate: PolicyGate): string {
  const current = gate.current();
  if (current instanceof Fault) return `${current.code}: ${current.message}`;
  return current.file === null ? 'none' : `${current.file}, ${current.digest.slice(0, 16)}`;
}
