/**
 * The service manager of Windows: a service is made, started, stopped and taken away. For administrators, and only for
 * Windows; who is none is told so.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { Fault } from '../fault.ts';
import { native, type Pointer } from './native.ts';

export interface ServiceWanted {
  readonly name: string;
  /** For people. */
  readonly shown: string;
  readonly description: string;
  /** The program and its arguments, each in quotes. */
  readonly command: string;
  /** One that needs no password. */
  readonly account: string;
}

/** Rights: all that there are, for the manager and for a service. */
const [MANAGE, CONTROL] = [0xf_003f, 0xf_01ff];
/** A process of its own, started with Windows; when it fails to start, Windows says so and goes on. */
const [OWN_PROCESS, AUTOMATIC, NORMAL] = [0x10, 2, 1];
const [DESCRIPTION, FAILURE_ACTIONS] = [1, 2];
/** As the MSI has them: started again after these, milliseconds; forgotten after a day, seconds. */
const RESTART = 1;
const PAUSES_MS = [10_000, 60_000, 300_000];
const FORGOTTEN_S = 86_400;
const STOP = 1;
const STOPPED = 1;
/** A SERVICE_STATUS, in which the second number is the state. */
const STATUS_BYTES = 28;
const STATE_AT = 4;
const LOOK_MS = 200;
/** The host gives its agent 30 s. */
const STOP_MS = 45_000;
const [EXISTS, MISSING, NOT_ACTIVE, GOING] = [1073, 1060, 1062, 1072];

let loaded: ReturnType<typeof declare> | undefined;

/** @throws Fault SERVICE_EXISTS, SERVICE_REFUSED */
export function createService({ name, shown, description, command, account }: ServiceWanted): void {
  const [windows, nobody] = [functions(), null];
  withManager((manager) => {
    const load = [CONTROL, OWN_PROCESS, AUTOMATIC, NORMAL] as const;
    const service = windows.create(manager, name, shown, ...load, command, nobody, nobody, nobody, account, nobody);
    if (service === null) {
      const error = native().lastError();
      if (error !== EXISTS && error !== GOING) throw refused(`the service ${name} cannot be made`, error);
      throw new Fault(
        'SERVICE_EXISTS',
        `there is a service ${name} already: casare-agent service remove, and try again`,
      );
    }
    try {
      windows.configure(service, DESCRIPTION, pointers(terminated(description)));
      // Without its restarts the service is not what was asked for.
      if (!windows.configure(service, FAILURE_ACTIONS, failureActions())) {
        const error = native().lastError();
        windows.remove(service);
        throw refused(`what happens when ${name} fails cannot be set`, error);
      }
    } finally {
      windows.close(service);
    }
  });
}

/** @throws Fault SERVICE_REFUSED */
export function startService(name: string): void {
  withService(name, (service) => {
    if (!functions().start(service, 0, null)) throw refused(`the service ${name} does not start`, native().lastError());
  });
}

/** Stops it, waits until it has stopped, and takes it away. False where there is none. @throws Fault SERVICE_REFUSED */
export async function removeService(name: string): Promise<boolean> {
  const windows = functions();
  const stopping = withService(name, (service) => {
    if (windows.control(service, STOP, Buffer.alloc(STATUS_BYTES))) return true;
    const error = native().lastError();
    if (error !== NOT_ACTIVE) throw refused(`the service ${name} does not stop`, error);
    return false;
  });
  if (stopping === null) return false;
  for (const until = performance.now() + STOP_MS; stopping && stateOf(name) !== STOPPED;) {
    if (performance.now() > until) throw new Fault('SERVICE_REFUSED', `the service ${name} has not stopped: try again`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  withService(name, (service) => {
    if (!windows.remove(service)) throw refused(`the service ${name} cannot be taken away`, native().lastError());
  });
  return true;
}

function stateOf(name: string): number {
  return (
    withService(name, (service) => {
      const status = Buffer.alloc(STATUS_BYTES);
      return functions().query(service, status) ? status.readUInt32LE(STATE_AT) : 0;
    }) ?? STOPPED
  );
}

/** Null where there is no such service. */
function withService<T>(name: string, use: (service: Pointer) => T): T | null {
  const windows = functions();
  return withManager((manager) => {
    const service = windows.open(manager, name, CONTROL);
    if (service === null) {
      const error = native().lastError();
      if (error === MISSING) return null;
      throw refused(`the service ${name} cannot be reached`, error);
    }
    try {
      return use(service);
    } finally {
      windows.close(service);
    }
  });
}

function withManager<T>(use: (manager: Pointer) => T): T {
  const windows = functions();
  const manager = windows.openManager(null, null, MANAGE);
  if (manager === null) throw refused('the services of this machine cannot be changed', native().lastError());
  try {
    return use(manager);
  } finally {
    windows.close(manager);
  }
}

function refused(what: string, error: number): Fault {
  return new Fault('SERVICE_REFUSED', `${what} (error ${error}): run this as an administrator`);
}

/** A SERVICE_FAILURE_ACTIONS, as it lies in memory. */
function failureActions(): InfoBlock {
  const actions = Buffer.alloc(PAUSES_MS.length * 8);
  for (const [index, pause] of PAUSES_MS.entries()) {
    actions.writeUInt32LE(RESTART, index * 8);
    actions.writeUInt32LE(pause, index * 8 + 4);
  }
  return { first: BigInt(FORGOTTEN_S), second: null, third: null, fourth: BigInt(PAUSES_MS.length), fifth: actions };
}

function pointers(text: Buffer): InfoBlock {
  return { first: text, second: null, third: null, fourth: null, fifth: null };
}

function terminated(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le');
}

/** What is told of a service: five places of eight bytes; a number of four has four more behind it. */
interface InfoBlock {
  readonly first: Buffer | Pointer;
  readonly second: null;
  readonly third: null;
  readonly fourth: Pointer;
  readonly fifth: Buffer | null;
}

function functions(): ReturnType<typeof declare> {
  return (loaded ??= declare(createRequire(import.meta.url)('koffi') as typeof Koffi));
}

function declare(koffi: typeof Koffi) {
  const library = koffi.load('advapi32.dll');
  koffi.struct('SERVICE_INFO_BLOCK', {
    ...{ first: 'void *', second: 'void *', third: 'void *', fourth: 'void *', fifth: 'void *' },
  });
  const of = <F extends (...args: never[]) => unknown>(declaration: string): F =>
    library.func(declaration) as unknown as F;
  type Text = string | null;
  return {
    openManager: of<(machine: null, database: null, access: number) => Pointer>(
      'void * __stdcall OpenSCManagerW (const char16_t *machine, const char16_t *database, uint32_t access)',
    ),
    create: of<
      (
        manager: Pointer,
        name: string,
        shown: string,
        access: number,
        type: number,
        start: number,
        onError: number,
        command: string,
        group: Text,
        tag: null,
        needs: Text,
        account: string,
        password: Text,
      ) => Pointer
    >(
      'void * __stdcall CreateServiceW (void *manager, const char16_t *name, const char16_t *shown, uint32_t access, uint32_t type, uint32_t start, uint32_t onError, const char16_t *command, const char16_t *group, void *tag, const char16_t *needs, const char16_t *account, const char16_t *password)',
    ),
    open: of<(manager: Pointer, name: string, access: number) => Pointer>(
      'void * __stdcall OpenServiceW (void *manager, const char16_t *name, uint32_t access)',
    ),
    configure: of<(service: Pointer, kind: number, info: InfoBlock) => boolean>(
      'bool __stdcall ChangeServiceConfig2W (void *service, uint32_t kind, SERVICE_INFO_BLOCK *info)',
    ),
    start: of<(service: Pointer, count: number, args: null) => boolean>(
      'bool __stdcall StartServiceW (void *service, uint32_t count, void *args)',
    ),
    control: of<(service: Pointer, command: number, status: Buffer) => boolean>(
      'bool __stdcall ControlService (void *service, uint32_t command, void *status)',
    ),
    query: of<(service: Pointer, status: Buffer) => boolean>(
      'bool __stdcall QueryServiceStatus (void *service, void *status)',
    ),
    remove: of<(service: Pointer) => boolean>('bool __stdcall DeleteService (void *service)'),
    close: of<(handle: Pointer) => boolean>('bool __stdcall CloseServiceHandle (void *handle)'),
  };
}
