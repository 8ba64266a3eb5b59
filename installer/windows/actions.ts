/**
 * What the MSI does as the system beside putting files in their places: the agent's own setup, and what takes that back
 * when the installation fails later on. Each entry is one statement of MSI's SQL.
 *
 * Invariant: what takes back is done by programs of Windows, since the agent's own files may be gone by then, and is in the
 * script before that which it takes back.
 */
import { AGENT_FILE } from '../bundle/agent.ts';
import { SESSION_TASK } from './names.ts';
import { fileId } from './source.ts';

/** In script, as the system, command line not in the log. A file of the MSI is the program. */
const SETUP = 18 + 0x400 + 0x800 + 0x2000;
/** The same; what it says does not count. */
const TRIED = SETUP + 0x40;
/** In script, as the system: a program of Windows. */
const SYSTEM = 34 + 0x400 + 0x800;
/** The same; what it says does not count. */
const ASIDE = SYSTEM + 0x40;
/** Only when the installation fails later on. */
const UNDONE = ASIDE + 0x100;
/** Only when all of it is done. */
const DONE = ASIDE + 0x200;

/** Of `service configure`; what is not given is empty, which says nothing. */
const WORDS = [
  ['--url', 'CONTROLPLANE_URL'],
  // Command lines are read by administrators and kept by audits: who minds gives the file.
  ['--join-token', 'JOIN_TOKEN'],
  ['--join-token-file', 'JOIN_TOKEN_FILE'],
  ['--site', 'SITE'],
  ['--tags', 'TAGS'],
  ['--proxy', 'PROXY'],
  ['--ca-file', 'CA_FILE'],
] as const;

/**
 * A repair may be asked for by any user, and runs as the system: it configures nothing. An upgrade is another product,
 * which is not installed yet.
 */
const FIRST = 'NOT Installed';
const SESSIONS = `SESSIONS="1" AND ${FIRST}`;
const GONE = 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE';

const CONFIG = '[DATADIR]agent.yaml';
const TOKEN = '[DATADIR]join-token';
/** As it was before, where the account of the service reads and writes nothing. */
const BEFORE = '[KEPT]before';
const CMD = '"[System64Folder]cmd.exe" /c';
const SCHTASKS = '"[System64Folder]schtasks.exe"';
/** The account of the service may put a folder, or a link to one, in the place of a file: `del` would empty it. */
const remove = (file: string): string => `if not exist "${file}\\" del /f /q "${file}"`;

/** `sequence` are the numbers that wixl gave to the actions around ours. */
export function actions(sequence: Readonly<Record<string, number>>): readonly string[] {
  const {
    InstallServices: services,
    RemoveFiles: removes,
    StopServices: stops,
  } = sequence as Record<'InstallServices' | 'RemoveFiles' | 'StopServices', number>;
  return [
    "INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) VALUES ('System64Folder', 'TARGETDIR', '.')",
    // A worker host keeps the program's files open: without this they would be replaced at the next start of Windows.
    system('endHosts', ASIDE, `${SCHTASKS} /end /tn "${SESSION_TASK}"`),
    // Not at a repair. An upgrade removes the older version, whose action this is.
    at('endHosts', 'REMOVE="ALL"', stops + 1),
    // Not through a link of the agent's account: what is a folder is not copied.
    system(
      'keepConfig',
      SYSTEM,
      `${CMD} if exist "${CONFIG}\\" (exit 1) else if exist "${BEFORE}\\" (exit 1) else if exist "${CONFIG}" ` +
        `(copy /y "${CONFIG}" "${BEFORE}") else if exist "${BEFORE}" del /f /q "${BEFORE}"`,
    ),
    at('keepConfig', FIRST, services + 1),
    system(
      'restoreConfig',
      UNDONE,
      // Not moved: it would keep the access list of where it comes from.
      `${CMD} (if not exist "${CONFIG}\\" (if exist "${BEFORE}" (copy /y "${BEFORE}" "${CONFIG}") else del /f /q "${CONFIG}")) ` +
        `& ${remove(BEFORE)}`,
    ),
    at('restoreConfig', FIRST, services + 2),
    system('forgetToken', UNDONE, `${CMD} ${remove(TOKEN)}`),
    at('forgetToken', `(JOIN_TOKEN OR JOIN_TOKEN_FILE) AND ${FIRST}`, services + 3),
    setup('configure', SETUP, 'configure', WORDS.map(([option, name]) => ` ${option} "[${name}]"`).join('')),
    at('configure', FIRST, services + 4),
    // Workers in people's sessions, by a task at each logon; an upgrade leaves it, and a failed one too: the older version needs it.
    system(
      'forgetTask',
      UNDONE,
      `${CMD} ""[System64Folder]findstr.exe" workerSocket "${BEFORE}" || ${SCHTASKS} /delete /tn "${SESSION_TASK}" /f"`,
    ),
    at('forgetTask', SESSIONS, services + 5),
    setup('sessionsOn', SETUP, 'sessions on'),
    at('sessionsOn', SESSIONS, services + 6),
    system('forgetBefore', DONE, `${CMD} ${remove(BEFORE)}`),
    at('forgetBefore', FIRST, services + 7),
    setup('purge', SETUP, 'purge'),
    at('purge', `PURGE="1" AND ${GONE}`, removes - 3),
    // After the purge, which finds in agent.yaml where the workers were.
    setup('sessionsOff', TRIED, 'sessions off'),
    at('sessionsOff', GONE, removes - 1),
  ];
}

/** The agent's own. A folder's path ends with a backslash, which would take the quote behind it. */
function setup(name: string, type: number, verb: string, given = ''): string {
  const line = `"[INSTALLDIR]${AGENT_FILE}" service ${verb} --home "[DATADIR]."${given}`;
  return action(name, type, fileId('node.exe'), line);
}

function system(name: string, type: number, line: string): string {
  return action(name, type, 'System64Folder', line);
}

function action(name: string, type: number, source: string, target: string): string {
  return `INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('${name}', ${type}, '${source}', '${target}')`;
}

/** One that is run at this number, where the condition holds. */
export function at(name: string, condition: string, sequence: number, table = 'InstallExecuteSequence'): string {
  return (
    `INSERT INTO \`${table}\` (\`Action\`, \`Condition\`, \`Sequence\`) ` +
    `VALUES ('${name}', '${condition}', ${sequence})`
  );
}
