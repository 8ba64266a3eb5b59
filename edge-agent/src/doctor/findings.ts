/**
 * What `doctor` can find: one place for each code, with its cause and its fix. `docs/guides/doctor.md` is generated from it,
 * and a check cannot report a code that does not stand here.
 *
 * Codes are stable: scripts and people search for them. A finding of a running check may say a more exact fix.
 */

export interface FindingKind {
  /** `warning`: something will not work, or not for long; `failed`: the agent does not work. */
  readonly result: 'warning' | 'failed';
  readonly cause: string;
  readonly fix: string;
}

const failed = (cause: string, fix: string): FindingKind => ({ result: 'failed', cause, fix });
const warning = (cause: string, fix: string): FindingKind => ({ result: 'warning', cause, fix });

/** By check, in the order in which they are made. */
export const FINDINGS = {
  'agent home': {
    HOME_MISSING: failed('the folder of `--home` does not exist', 'enrol this agent, or name its `--home`'),
    HOME_OPEN: failed(
      'others than the agent may enter the home or read a key, or something in it belongs to another user',
      'run the `chmod` that the line gives, or give the file to the user that the agent runs as',
    ),
  },
  identity: {
    NOT_ENROLLED: failed('the home holds no identity', '`casare-agent enrol --url … --token-file …`'),
    IDENTITY_DAMAGED: failed('a file of the identity cannot be read', 'enrol this agent again'),
    CERT_NOT_YET_VALID: failed('the certificate begins in the future', "set this machine's clock"),
    CERT_EXPIRED: warning(
      'the agent was off for longer than its certificate is good for',
      'nothing, when it runs: it renews it by itself; if it is refused, the check `agent process` says why',
    ),
    CERT_RENEWAL_DUE: warning('less than six hours are left, and it was not renewed', 'see the check `agent process`'),
    ROOTS_EXPIRED: failed(
      'no root that gateways are verified by is good any more',
      'enrol this agent again with a new token',
    ),
  },
  policy: {
    POLICY_MISSING: failed('the policy that was named, or was there, is gone', 'put it back, or name another one'),
    POLICY_UNSAFE: failed('others may write the policy, or a folder above it', 'run the `chmod` that the line gives'),
    POLICY_INVALID: failed('a fault in the policy, by line and column: no job is taken', 'correct it'),
    POLICY_UNREADABLE: failed('the policy cannot be read', 'check its permissions'),
    POLICY_EXPOSED: warning('jobs run as the user that the policy belongs to', 'give the policy to root'),
  },
  limits: {
    FILES_FEW: warning(
      'so few files may be open at once that a browser does not fit',
      'raise it to 4096 at least: `LimitNOFILE=` of the unit, or `ulimit -n`',
    ),
    MEMORY_LOW: warning(
      'less memory is free than a browser job needs',
      'give the machine, or the limit of the container, 1 GiB more; or run with fewer slots',
    ),
  },
  'leftover workers': {
    LEFTOVER_WORKERS: warning(
      'processes of earlier runs go on without an agent',
      'end them by the ids that the line gives; the next start of the agent ends what its outbox knows',
    ),
  },
  'agent process': {
    AGENT_NOT_RUNNING: warning('no agent runs on this home', '`casare-agent run --home …`, or start its service'),
    AGENT_NOT_ANSWERING: failed(
      'a process holds the outbox of this home and does not answer',
      'end it by the id that the line gives; its service manager starts it again',
    ),
    TUNNEL_DOWN: warning('the agent runs and is not connected', 'see the checks of the network'),
  },
  'worker host': {
    WORKER_HOST_AWAY: failed(
      '`workerSocket` of `agent.yaml` says that a worker host starts the workers, and none has come: no job runs',
      'start it as the user of the workers: its unit on Linux, the logon task on Windows; `casare-agent worker-host` says why it cannot come',
    ),
  },
  version: {
    VERSION_OLD: failed(
      'the control plane serves agents of its own minor version and of the two before it; this one is older',
      'install the agent of the version of the control plane',
    ),
    VERSION_NEW: warning('the agent is newer than its control plane', 'upgrade the control plane first, then agents'),
  },
  disk: {
    DISK_FULL: failed('less than 128 MiB are free, or a write found no room: no job is accepted', 'free space'),
    DISK_LOW: warning(
      'less is free than outbox and files may still grow by',
      'free space, or give the home a larger disk',
    ),
    DISK_SLOW: warning(
      'a write took longer than 200 ms until it was on the disk: every step waits so long',
      'use a local disk for the home, not a network share; see what else writes to it',
    ),
    DISK_READ_ONLY: failed(
      'the file system of the home is mounted read-only',
      'mount it writable; see the kernel log for why it is not',
    ),
    HOME_NOT_WRITABLE: failed(
      'this user may not write the home',
      'run as the user of the agent, or give the home to it',
    ),
    DISK_FAILED: failed('a write failed', 'see what the system says of the disk'),
  },
  'data folder': {
    FILES_HELD: failed(
      'files that were just written could not be renamed or removed (EBUSY, EPERM, EACCES): an antivirus, an indexer or a backup holds them, or the folder is protected',
      'exclude this folder from antivirus, indexing and backup of open files',
    ),
  },
  session: {
    SESSION_NONE: warning(
      'there is no display, and no program to make a virtual one; on Windows this is session 0, in which services are',
      'needed for desktop jobs only: `apt-get install xvfb openbox dbus at-spi2-core`; on Windows a worker host in the session of a person',
    ),
    SESSION_SETTING: warning('`CASARE_DESKTOP` cannot be used as it stands', 'correct it, or unset it'),
    SESSION_LOCKED: warning('the session of the present display is locked', 'unlock it, or use virtual displays'),
    DISPLAY_UNREACHABLE: warning(
      '`CASARE_DESKTOP` is `display`, and that display does not answer',
      'start the agent in the session of the display, or unset `CASARE_DESKTOP`',
    ),
  },
  'way out': {
    NETWORK_DAMAGED: failed(
      '`network.json` is no such file',
      'mend it, or write it anew with `casare-agent network set`',
    ),
    NETWORK_SETTING: failed('a variable `CASARE_PROXY`, `HTTPS_PROXY` or the like cannot be used', 'correct it'),
    PROXY_AUTH_UNREADABLE: failed(
      'the file with the credentials of the proxy cannot be read, or is open to others',
      'check owner and `chmod 600`',
    ),
    CA_FILE_UNREADABLE: failed('the file of `--ca-file` cannot be read or holds no certificate', 'name a PEM file'),
  },
  resolution: {
    DNS_UNRESOLVED: failed(
      'a name that the agent must reach is not known to the resolvers of this machine',
      'check the name, the resolvers that the line gives, and search domains; by a proxy only the name of the proxy must be known',
    ),
    DNS_ONLY_V6: warning(
      'a name has only IPv6 addresses and this machine has none',
      'give the name an IPv4 address, or the machine IPv6',
    ),
  },
  tcp: {
    UNREACHABLE: failed('nothing takes the connection', 'check the URL, that the control plane runs, and the firewall'),
  },
  proxy: {
    PROXY_UNREACHABLE: failed('the proxy does not answer', 'check its address and the firewall'),
    PROXY_AUTH_REQUIRED: failed(
      'the proxy wants credentials, or does not take these, or wants another kind than Basic',
      'give `user:password` by `--proxy-auth-file`',
    ),
    PROXY_REFUSED: failed(
      'the proxy does not let the agent through to the control plane',
      'have the host and port of the line allowed there',
    ),
    PROXY_PROTOCOL: failed('what answers is no proxy', 'check its address'),
  },
  interception: {
    TLS_INTERCEPTED: failed(
      'somebody between agent and control plane ends TLS; the issuer that was seen is named',
      'exempt the host there, or go by a carrier: `casare-agent network set --carrier wss://…`',
    ),
    OUTER_TLS_UNTRUSTED: failed(
      'the certificate of the carrier or of the proxy is not trusted',
      'give its CA by `--ca-file`, or `--system-ca`',
    ),
    INTERCEPTION_UNKNOWN: warning('the way did not get as far as TLS', 'see the checks before'),
  },
  clock: {
    CLOCK_OFF: failed(
      "this machine's clock differs from the control plane's by more than five minutes",
      "set this machine's clock",
    ),
    CLOCK_DRIFT: warning('it differs by more than 30 seconds', 'keep it by a time service (chrony, w32time)'),
    CLOCK_SKEW: failed(
      "the control plane's certificate is not valid at this machine's time",
      "set this machine's clock",
    ),
    CLOCK_UNKNOWN: warning('the enrol listener does not tell its time', 'compare the clocks by hand'),
  },
  tunnel: {
    WRONG_HOST: failed('the certificate is for another host', 'use the URL that the control plane gave'),
    CARRIER_REFUSED: failed('the web address of the control plane carries no tunnels', 'check the URL of `--carrier`'),
    TUNNEL_REFUSED: failed(
      'the gateway ended the connection',
      'is the agent approved, not locked, not decommissioned?',
    ),
    TUNNEL_NO_UPGRADE: failed(
      'TLS is as it must be, and there is no WebSocket behind it',
      'something between ends WebSockets: exempt the host there',
    ),
  },
  'secret providers': {
    SECRETS_UNAVAILABLE: failed(
      'a provider or a secret on the premises cannot be read; the line has its own code (`VAULT_…`, `SECRETS_…`, `SECRET_PROVIDERS_…`)',
      'see [what may be wrong](secrets.md#secrets-that-stay-on-the-premises)',
    ),
  },
  browser: {
    BROWSER_NONE: failed('no browser starts', 'install Chrome, Edge or Chromium, or set `CASARE_BROWSER`'),
    BROWSER_NO_SANDBOX: warning(
      'the browser runs without its sandbox',
      'run the agent as an ordinary user on a kernel that allows user namespaces',
    ),
  },
  desktop: {
    DESKTOP_NONE: warning(
      'no desktop with accessibility starts',
      'needed for desktop jobs only; the line says what is missing',
    ),
  },
  'any check': {
    CHECK_TIMED_OUT: failed('a check did not end in its time', 'see what the line waited for; the other checks go on'),
    CHECK_FAILED: failed('a check broke', 'see the agent log'),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingKind>>>>;

type Union<T> = T extends unknown ? keyof T : never;
/** A check that can be asked for. */
export type CheckName = Exclude<keyof typeof FINDINGS, 'any check'>;
export type FindingCode = Union<(typeof FINDINGS)[keyof typeof FINDINGS]>;

const BY_CODE: ReadonlyMap<string, FindingKind> = new Map(
  Object.values(FINDINGS).flatMap((kinds) => Object.entries(kinds)),
);

/** What a code means; undefined for one that is none. */
export function findingOf(code: string): FindingKind | undefined {
  return BY_CODE.get(code);
}

/** The checks by their names, in their order. */
export const CHECK_NAMES = Object.keys(FINDINGS).filter((name): name is CheckName => name !== 'any check');
