/**
 * `casare-agent.cmd`: for people, it is about the agent that the service runs. Its home and its `agent.yaml` are where the
 * service host has them (`host/settings.c`); who has named others keeps those. Whoever may not look into the data has no
 * `agent.yaml`, and may still try workflows out.
 */

/**
 * What other products set for every Node on the machine: the service host takes the same away (`host/main.c`).
 * NODE_EXTRA_CA_CERTS stays: people give the agent CAs by it.
 */
export const REMOVED = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_V8_COVERAGE',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
  'SSLKEYLOGFILE',
] as const;

export const COMMAND = [
  '@echo off',
  'setlocal',
  ...REMOVED.map((name) => `set "${name}="`),
  'if not defined CASARE_HOME set "CASARE_HOME=%ProgramData%\\Casare"',
  'if not defined CASARE_AGENT_HOME set "CASARE_AGENT_HOME=%ProgramData%\\Casare\\Agent"',
  'if not defined CASARE_AGENT_CONFIG if exist "%CASARE_AGENT_HOME%\\agent.yaml" ' +
    'set "CASARE_AGENT_CONFIG=%CASARE_AGENT_HOME%\\agent.yaml"',
  '"%~dp0node.exe" --disable-warning=ExperimentalWarning "%~dp0casare-agent.mjs" %*',
  'exit /b %ERRORLEVEL%',
  '',
].join('\r\n');
