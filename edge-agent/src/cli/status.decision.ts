/** Whether an agent that runs gets jobs, and if not, why. Pure. */

export interface Standing {
  readonly tunnel: { readonly state: string; readonly why?: string | undefined };
  /** In the words of the API; absent from control planes that do not tell. */
  readonly agentState?: string | undefined;
}

const WHY: Readonly<Record<string, string>> = {
  pending: 'it waits for approval: a person approves it in the console, or by `casare agent approve`',
  paused: 'it is paused: `casare agent resume` lets it work again',
  draining: 'it is being drained: it ends what it has',
  suspect: 'it is suspect: two processes had its identity; somebody responsible for security decides',
  locked: 'it is locked: ask who is responsible for security',
  decommissioned: 'it was decommissioned: enrol it anew',
};

/** Null when it gets jobs, as far as is known. */
export function idleReason({ tunnel, agentState }: Standing): string | null {
  if (tunnel.state !== 'live' && tunnel.state !== 'draining') {
    return tunnel.why === undefined ? 'it is not connected' : `it is not connected: ${tunnel.why}`;
  }
  if (agentState === undefined || agentState === 'active') return null;
  return WHY[agentState] ?? `its state is ${agentState}`;
}
