/** Reads what tools of Windows say. The words that are looked for are the same in every language of Windows. Pure. */

export interface ServiceFacts {
  /** Such as `2   AUTO_START`. */
  readonly start: string;
  readonly account: string;
  /** Such as `RUNNING`. */
  readonly state: string;
  /** 0 when it does not run. */
  readonly pid: number;
}

/** Out of `sc qc` and `sc queryex`. */
export function serviceFacts(config: string, state: string): ServiceFacts {
  return {
    start: /START_TYPE\s*:\s*(.+)/.exec(config)?.[1]?.trim() ?? '',
    account: /SERVICE_START_NAME\s*:\s*(.+)/.exec(config)?.[1]?.trim() ?? '',
    state: /STATE\s*:\s*\d+\s+(\w+)/.exec(state)?.[1] ?? '',
    pid: Number(/PID\s*:\s*(\d+)/.exec(state)?.[1] ?? 0),
  };
}

/** By each of these an account can make itself administrator. */
const FURTHER = [
  ...['SeDebugPrivilege', 'SeTcbPrivilege', 'SeTakeOwnershipPrivilege', 'SeLoadDriverPrivilege', 'SeRestorePrivilege'],
  ...['SeBackupPrivilege', 'SeCreateTokenPrivilege', 'SeAssignPrimaryTokenPrivilege', 'SeRelabelPrivilege'],
];

/** Which of those `sc qprivs` names. */
export function mayBecomeAdministrator(answer: string): string[] {
  return FURTHER.filter((right) => answer.includes(right));
}
