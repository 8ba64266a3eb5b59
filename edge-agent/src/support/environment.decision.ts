/** Which variables of the environment may be shown with their values. Pure. */
import { TAKEN } from './redact.decision.ts';

/** Settings without a secret in them, and what tells how a machine is set up. */
const ALLOWED = new Set([
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'LANG',
    'LC_ALL',
    'TZ',
    'TERM',
    'PWD',
    'OLDPWD',
    'TMPDIR',
    'TEMP',
    'TMP',
  ],
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'XDG_SESSION_ID', 'XDG_SESSION_TYPE', 'INVOCATION_ID'],
  ...['SESSIONNAME', 'USERDOMAIN', 'USERNAME', 'COMPUTERNAME', 'OS', 'PROCESSOR_ARCHITECTURE', 'NUMBER_OF_PROCESSORS'],
  ...['ProgramData', 'ProgramFiles', 'SystemRoot', 'SystemDrive', 'APPDATA', 'LOCALAPPDATA', 'USERPROFILE'],
  ...['NODE_ENV', 'NODE_OPTIONS', 'NO_COLOR', 'NO_PROXY', 'no_proxy', 'CASARE_NO_PROXY', 'CASARE_SYSTEM_CA'],
  ...['CASARE_HOME', 'CASARE_AGENT_HOME', 'CASARE_AGENT_CONFIG', 'CASARE_AGENT_URL', 'CASARE_AGENT_TOKEN_FILE'],
  ...['CASARE_BROWSER', 'CASARE_DESKTOP', 'CASARE_LOG_LEVEL', 'CASARE_POLICY', 'CASARE_SECRET_PROVIDERS'],
  ...['CASARE_CA_FILE', 'CASARE_PROXY_AUTH_FILE', 'CASARE_CARRIER'],
]);
/** Of these scheme and host alone: what stands before it is a user's name and password, with a scheme before them or without. */
const PROXIES = new Set(['CASARE_PROXY', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY']);

export function isAllowed(name: string): boolean {
  return ALLOWED.has(name) || PROXIES.has(name);
}

/** What a proxy's variable says before its host, without a scheme; null for another variable, and where it says nothing. */
export function proxyCredentials(name: string, value: string): string | null {
  const end = value.lastIndexOf('@');
  return !PROXIES.has(name) || end === -1 ? null : value.slice(0, end).replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
}

/** Names with values, or with null where the value stays here. */
export function shownEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(environment)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value = '']) => [name, isAllowed(name) ? withoutCredentials(name, value) : null]),
  );
}

function withoutCredentials(name: string, value: string): string {
  const credentials = proxyCredentials(name, value);
  return credentials === null ? value : value.replace(`${credentials}@`, () => `${TAKEN}@`);
}
