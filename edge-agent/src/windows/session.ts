/**
 * The session of Windows that this process is in: whose it is, whether its screen can be worked on, and how large that is.
 * Asked of the system each time. Only for Windows.
 *
 * Two sources say whether the screen is locked, and either is enough: the session's own flag, which not every Windows
 * tells, and the desktop that gets the input, which is another one while it is locked.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

export interface WindowsSession {
  readonly id: number;
  readonly user: string;
  readonly isConnected: boolean;
  readonly isLocked: boolean;
  readonly width: number;
  readonly height: number;
  readonly dpi: number;
}

const OWN_SESSION = 0xffff_ffff;
/** Members of WTS_INFO_CLASS. */
const [USER_NAME, CONNECT_STATE, INFO_EX] = [5, 8, 25];
const DISCONNECTED = 4;
/** SessionFlags in a WTSINFOEX: behind its level, the session's number and its state. */
const FLAGS_AT = 16;
const LOCKED = 0;
/** DESKTOP_READOBJECTS, and the name of an object. */
const READ_OBJECTS = 1;
const NAME = 2;
const NAME_BYTES = 256;
/** The desktop that people see; another one asks for their password. */
const INPUT_DESKTOP = 'Default';
const [WIDTH, HEIGHT] = [0, 1];
/** Of a screen that is not scaled, and what an older Windows has. */
const PLAIN_DPI = 96;

/**
 * Arguments that a function does not have and does not look at. Wine's way into its kernel reads more of the stack than it
 * was given; a function that is nothing but that way never returned here.
 */
const MORE = ', size_t, size_t, size_t, size_t, size_t, size_t, size_t';
const NOTHING: [number, number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0, 0];

let loaded: ReturnType<typeof declare> | undefined;

/** The session, as it is now. @throws where this is not Windows */
export function ownSession(): WindowsSession {
  loaded ??= declare(createRequire(import.meta.url)('koffi') as typeof Koffi);
  const windows = loaded;
  const flags = windows.ask(INFO_EX, (bytes) => bytes.readInt32LE(FLAGS_AT), FLAGS_AT + 4);
  return {
    id: windows.sessionId(),
    user: windows.ask(USER_NAME, (bytes) => bytes.toString('utf16le').replace(/\0.*$/s, ''), 2) ?? '',
    isConnected: windows.ask(CONNECT_STATE, (bytes) => bytes.readInt32LE(0), 4) !== DISCONNECTED,
    isLocked: flags === LOCKED || windows.inputDesktop() !== INPUT_DESKTOP,
    width: windows.metric(WIDTH),
    height: windows.metric(HEIGHT),
    dpi: windows.dpi(),
  };
}

function declare(koffi: typeof Koffi) {
  const [kernel, user, wts] = ['kernel32.dll', 'user32.dll', 'wtsapi32.dll'].map((name) => koffi.load(name)) as [
    Koffi.LibraryHandle,
    Koffi.LibraryHandle,
    Koffi.LibraryHandle,
  ];
  const query = wts.func(
    'bool __stdcall WTSQuerySessionInformationW (void *server, uint32_t session, int kind, _Out_ void **buffer, _Out_ uint32_t *bytes)',
  ) as (server: null, session: number, kind: number, buffer: [unknown], bytes: [number]) => boolean;
  const free = wts.func('void __stdcall WTSFreeMemory (void *memory)') as (memory: unknown) => void;
  type More = typeof NOTHING;
  const openInput = user.func(
    `void * __stdcall OpenInputDesktop (uint32_t flags, bool inherit, uint32_t access${MORE})`,
  ) as (flags: number, inherit: boolean, access: number, ...more: More) => unknown;
  const nameOf = user.func(
    `bool __stdcall GetUserObjectInformationW (void *object, int kind, void *into, uint32_t bytes, _Out_ uint32_t *needed${MORE})`,
  ) as (object: unknown, kind: number, into: Buffer, bytes: number, needed: [number], ...more: More) => boolean;
  const close = user.func(`bool __stdcall CloseDesktop (void *desktop${MORE})`) as (
    desktop: unknown,
    ...more: More
  ) => boolean;
  const ownPid = kernel.func('uint32_t __stdcall GetCurrentProcessId ()') as () => number;
  const toSession = kernel.func('bool __stdcall ProcessIdToSessionId (uint32_t pid, _Out_ uint32_t *session)') as (
    pid: number,
    session: [number],
  ) => boolean;
  return {
    metric: user.func('int __stdcall GetSystemMetrics (int index)') as (index: number) => number,
    dpi: dpiOf(user),
    sessionId: (): number => {
      const session: [number] = [0];
      return toSession(ownPid(), session) ? session[0] : 0;
    },
    /** Null where Windows does not say. */
    ask: <T>(kind: number, read: (bytes: Buffer) => T, atLeast: number): T | null => {
      const [buffer, bytes]: [[unknown], [number]] = [[null], [0]];
      if (!query(null, OWN_SESSION, kind, buffer, bytes) || buffer[0] === null) return null;
      try {
        if (bytes[0] < atLeast) return null;
        return read(Buffer.from(koffi.decode(buffer[0], koffi.array('uint8_t', bytes[0], 'Typed')) as Uint8Array));
      } finally {
        free(buffer[0]);
      }
    },
    /** Empty when it may not be opened, as while it asks for a password. */
    inputDesktop: (): string => {
      const desktop = openInput(0, false, READ_OBJECTS, ...NOTHING);
      if (desktop === null) return '';
      try {
        const name = Buffer.alloc(NAME_BYTES);
        return nameOf(desktop, NAME, name, NAME_BYTES, [0], ...NOTHING)
          ? name.toString('utf16le').replace(/\0.*$/s, '')
          : '';
      } finally {
        close(desktop, ...NOTHING);
      }
    },
  };
}

function dpiOf(user: Koffi.LibraryHandle): () => number {
  try {
    return user.func('uint32_t __stdcall GetDpiForSystem ()') as () => number;
  } catch {
    return () => PLAIN_DPI;
  }
}
