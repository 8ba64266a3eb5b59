/**
 * The points of `casare-agent selftest`: one place says what each proves and why we could not prove it ourselves. From it
 * `docs/install/selftest.md` is generated. Our tests run Windows programs under Wine and Linux ones in containers; what only
 * a real machine has is tried there, by whoever runs it.
 */

export interface PointKind {
  /** Where it is tried. */
  readonly on: 'windows' | 'linux' | 'everywhere';
  readonly proves: string;
  /** Why not by us. */
  readonly why: string;
  /** What it must be run as or with; otherwise it is skipped and says so. */
  readonly needs?: string;
}

const WINE = 'Wine has no such thing, or only a stand-in';
const REAL = 'it depends on the machine';

export const POINTS = {
  'service.installed': {
    on: 'windows',
    proves: 'the service `CasareAgent` is installed, starts with Windows, and runs',
    why: 'Wine runs services in the session of whoever started it, and none at a start of the system',
  },
  'service.account': {
    on: 'windows',
    proves: 'it runs as `NT SERVICE\\CasareAgent`, not as LocalSystem',
    why: 'Wine has one account: virtual accounts and their passwords are not there',
  },
  'service.rights': {
    on: 'windows',
    proves: 'the account of the service is no administrator and has none of the rights by which one becomes one',
    why: WINE,
  },
  'service.restarts': {
    on: 'windows',
    proves: 'Windows starts the service again after a failure (failure actions are set)',
    why: 'Wine keeps no failure actions',
  },
  'service.restart': {
    on: 'windows',
    proves: 'node.exe is killed, and the service has another one within a minute',
    why: 'under Wine it was seen; the real service manager was not',
    needs: '`--disruptive`, as administrator',
  },
  'data.acl': {
    on: 'windows',
    proves: 'nobody but system, administrators and the service may enter the data folder',
    why: 'Wine maps access lists to modes of files',
  },
  'session.zero': {
    on: 'windows',
    proves: 'the service is in session 0 and this program is not: they are told apart',
    why: 'Wine has one session',
  },
  'session.worker': {
    on: 'windows',
    proves: 'the worker host runs in the interactive session, as the person who is logged on',
    why: 'Wine has one session and one account',
    needs: 'a worker host that is set up',
  },
  'session.locked': {
    on: 'windows',
    proves: 'a locked screen is seen to be locked, and an unlocked one to be open',
    why: 'Wine has no lock screen',
    needs: '`--lock`: the screen is locked, and a person unlocks it',
  },
  'desktop.start': {
    on: 'everywhere',
    proves: 'the driver starts (UI Automation, AT-SPI) and sees windows',
    why: 'Wine has a part of UI Automation that only reads; on Linux our tests use virtual displays',
  },
  'desktop.find': {
    on: 'everywhere',
    proves: 'an editor (Notepad, Mousepad) is started, its window and its text field are found',
    why: 'Notepad of Windows 11 is a WinUI program, which Wine does not run',
  },
  'desktop.text': {
    on: 'everywhere',
    proves: '"Größe 42 Ж" is put into the field by its pattern and read back the same',
    why: 'patterns of real controls differ from our test server',
  },
  'desktop.typing': {
    on: 'everywhere',
    proves: 'the same text arrives by the keyboard (SendInput, XTest)',
    why: 'keyboard layouts and input methods of a real session',
  },
  'desktop.screenshot': {
    on: 'everywhere',
    proves: 'a picture of the screen shows more than one colour',
    why: 'pictures of a real graphics driver and a remote session',
  },
  'desktop.dpi': {
    on: 'everywhere',
    proves: 'the place of a window by elements and by the window manager is the same: scaling does not shift clicks',
    why: 'Wine knows one scaling, 96 dpi',
  },
  'browser.start': {
    on: 'everywhere',
    proves: 'an installed Edge, Chrome or Chromium starts and shows a page',
    why: 'no Edge or Chrome runs under Wine',
  },
  'keys.protected': {
    on: 'windows',
    proves: 'what DPAPI protects is read back, and not for another purpose',
    why: 'the DPAPI of Wine does not encrypt by the account',
  },
  'pipes.named': {
    on: 'everywhere',
    proves: 'a named pipe (on Linux a Unix socket) takes a connection and carries bytes both ways',
    why: 'access to pipes of a real Windows',
  },
  'msi.registry': {
    on: 'windows',
    proves: 'the installer has left its entries: address, folder, version, and "Apps & features"',
    why: 'under Wine they were seen; Windows Installer itself was not',
    needs: 'an installation by the MSI',
  },
  'eventlog.source': {
    on: 'windows',
    proves: 'the Event Log knows the source "Casare Agent", and has what the service said',
    why: 'Wine has no Event Log that can be read',
  },
  'path.command': { on: 'everywhere', proves: '`casare-agent` is on PATH', why: REAL },
  'unit.active': {
    on: 'linux',
    proves: 'the unit `casare-agent.service` runs, as the user `casare-agent`',
    why: 'our tests run in containers without systemd',
    needs: 'an installation by the package',
  },
  'unit.hardened': {
    on: 'linux',
    proves: 'systemd applies the hardening of the unit: no new privileges, system folders read-only',
    why: 'our tests run in containers without systemd',
    needs: 'an installation by the package',
  },
  'workers.apart': {
    on: 'linux',
    proves: 'the user of the workers can read neither the key nor the outbox',
    why: 'it was seen in a container; the users of this machine were not',
    needs: 'root, and an installation by the package',
  },
  'home.private': {
    on: 'everywhere',
    proves: 'owners and modes, or access lists, of the agent home are as they must be',
    why: REAL,
    needs: 'a home',
  },
  'disk.flush': {
    on: 'everywhere',
    proves: 'a write is on the disk within 200 ms, and files can be renamed and removed at once',
    why: 'antivirus, indexing and the disk of a real machine',
    needs: 'a home',
  },
} as const satisfies Readonly<Record<string, PointKind>>;

export type PointId = keyof typeof POINTS;
export const POINT_IDS = Object.keys(POINTS) as PointId[];
