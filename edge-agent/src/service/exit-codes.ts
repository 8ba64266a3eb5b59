/**
 * What `casare-agent run` ends with, for whoever starts it again: the systemd units, the Windows service host
 * (`installer/windows/host`) and containers read these numbers here.
 *
 * The rule is one question: can starting it again help by itself? Where only a person can mend it, a service manager that
 * goes on starting it fills logs and asks the control plane for nothing.
 */

export const EXIT = {
  /** It was told to stop. Not to be started again. */
  stopped: 0,
  /** Something broke that may be gone next time: start it again, after a while. Unknown numbers are meant like this one. */
  failed: 1,
  /** The command line or `agent.yaml` is wrong (`USAGE`, `CONFIG_…`, `JOIN_TOKEN_MALFORMED`). */
  usage: 2,
  /** The control plane refused the join token, or there is neither an identity nor a token (`WRONG_TOKEN`, `NOT_ENROLLED`). */
  refused: 3,
} as const;

/** After these it must not be started again until a person has changed something: `RestartPreventExitStatus=`. */
export const FINAL_EXITS: readonly number[] = [EXIT.usage, EXIT.refused];
