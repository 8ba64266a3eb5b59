/**
 * Hears what changes on a Windows desktop and says that it did, never what: events of UI Automation, and those of Windows
 * (WinEvents), which classic controls raise.
 *
 * A process of its own, apart from the host: events are delivered on threads of UI Automation that wait for us, so this one
 * never waits for anything itself. It adds its handlers by calls on other threads and never removes them: it is ended instead.
 */
import koffi from 'koffi';
import type { Ffi } from './com.ts';
import { HANDLERS, makeHandler } from './handlers.ts';
import { GUID, guidBytes, PROPERTY, SCOPE, VALUE } from './ids.ts';
import { SLOTS } from './slots.ts';
import { paddedCall } from '../win32/api.ts';

/** Signs are told together after so long; messages of WinEvents are fetched as often. */
const TOGETHER_MS = 25;
/** The stack of a call on another thread: UI Automation needs more than koffi gives. */
const STACK_BYTES = 1024 * 1024;
const MULTITHREADED = 0;
const IN_PROCESS = 1;
const POINTER = 8;
/** A window, a menu opened or closed; what loads late is there. */
const EVENTS = [20016, 20017, 20003, 20007, 20006];
/** What steps wait for; where elements are changes with every scroll. */
const PROPERTIES = [
  ...[PROPERTY.name, PROPERTY.enabled, PROPERTY.offscreen, PROPERTY.toggleState, PROPERTY.expandState],
  ...[PROPERTY.selected, VALUE],
];
/** EVENT_SYSTEM_FOREGROUND to _MINIMIZEEND, and EVENT_OBJECT_CREATE to _VALUECHANGE without where things are. */
const WINDOWS_EVENTS: readonly (readonly [from: number, to: number])[] = [
  [0x0003, 0x0017],
  [0x8000, 0x800a],
  [0x800c, 0x800e],
];
const REMOVE = 1;
const MESSAGE_SIZE = 48;
/** Messages that are let in at once. */
const MOST_MESSAGES = 1_000;

type Native = (...args: unknown[]) => number;

/** Sends signs until the process ends. */
export function watchDesktop(send: (message: unknown) => void): void {
  const heard = new Set<string>();
  // Only before anything is loaded.
  koffi.config({ async_stack_size: STACK_BYTES, async_heap_size: STACK_BYTES });
  // The timer also lets events of Windows in: they come with the messages of the thread that asked for them.
  const take = watchWindows(koffi, () => heard.add('windows'));
  setInterval(() => {
    take();
    if (heard.size === 0) return;
    send({ signs: [...heard] });
    heard.clear();
  }, TOGETHER_MS);
  watchElements(koffi, (sign) => heard.add(sign)).catch(() => {
    // There is no UI Automation, or it has no events: those of Windows are left, and looking again.
  });
}

/** Events of UI Automation. Each kind that it refuses is left out. */
async function watchElements(ffi: Ffi, heard: (sign: string) => void): Promise<void> {
  const ole = ffi.load('ole32.dll');
  (ole.func('int32 __stdcall CoInitializeEx(void *, uint32)') as Native)(null, MULTITHREADED);
  const create = ole.func('int32 __stdcall CoCreateInstance(void *, void *, uint32, void *, void *)') as Native;
  const out = Buffer.alloc(POINTER);
  const classes = [GUID.CUIAutomation8, GUID.CUIAutomation].map(guidBytes);
  if (!classes.some((one) => create(one, null, IN_PROCESS, guidBytes(GUID.IUIAutomation), out) >= 0)) return;
  const automation = out.readBigUInt64LE(0);
  const call = caller(ffi, automation);
  if ((await call('GetRootElement', ['void *'], out)) < 0) return;
  const root = out.readBigUInt64LE(0);
  const handler = (kind: keyof typeof HANDLERS): bigint =>
    makeHandler(ffi, HANDLERS[kind], () => heard(`automation.${kind}`));
  const event = handler('event');
  for (const id of EVENTS) {
    await call(
      'AddAutomationEventHandler',
      ['int32', 'void *', 'int32', 'void *', 'void *'],
      id,
      root,
      SCOPE.subtree,
      null,
      event,
    );
  }
  await call('AddFocusChangedEventHandler', ['void *', 'void *'], null, handler('focus'));
  const structure = ['void *', 'int32', 'void *', 'void *'];
  await call('AddStructureChangedEventHandler', structure, root, SCOPE.subtree, null, handler('structure'));
  const properties = Buffer.alloc(PROPERTIES.length * 4);
  for (const [index, id] of PROPERTIES.entries()) properties.writeInt32LE(id, index * 4);
  await call(
    'AddPropertyChangedEventHandlerNativeArray',
    ['void *', 'int32', 'void *', 'void *', 'void *', 'int32'],
    ...[root, SCOPE.subtree, null, handler('property'), properties, PROPERTIES.length],
  );
}

/** Calls a method on a thread of koffi's: this one goes on, and answers what handlers are asked meanwhile. */
function caller(ffi: Ffi, automation: bigint) {
  let calls = 0;
  return (method: keyof typeof SLOTS.IUIAutomation, types: readonly string[], ...args: unknown[]): Promise<number> => {
    const table = ffi.decode(automation, 'void *') as bigint;
    const at = ffi.decode(table, SLOTS.IUIAutomation[method] * POINTER, 'void *') as bigint;
    calls += 1;
    const type = ffi.proto('__stdcall', `watch${calls}`, 'int32', ['void *', ...types]);
    const native = ffi.decode(at, type) as { async(...args: unknown[]): void };
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    native.async(automation, ...args, (error: Error | null, result: number) =>
      error === null ? resolve(result) : reject(error),
    );
    return promise;
  };
}

/** Events of Windows itself. Gives what lets those in that wait. */
function watchWindows(ffi: Ffi, heard: () => void): () => void {
  const user = ffi.load('user32.dll');
  const type = ffi.proto('void __stdcall WindowsEvent(size_t, uint32, size_t, int32, int32, uint32, uint32)');
  const listener = ffi.register(heard, ffi.pointer(type));
  const hook = user.func(
    'size_t __stdcall SetWinEventHook(uint32, uint32, size_t, WindowsEvent *, uint32, uint32, uint32, size_t)',
  ) as Native;
  for (const [from, to] of WINDOWS_EVENTS) hook(from, to, 0, listener, 0, 0, 0, 0);
  const { padded, padding } = paddedCall('bool __stdcall PeekMessageW(void *, size_t, uint32, uint32, uint32)');
  const peek = user.func(padded) as (...args: unknown[]) => boolean;
  const message = Buffer.alloc(MESSAGE_SIZE);
  return () => {
    // Nobody sends messages to a thread without windows: that there is none is the rule.
    for (let count = 0; count < MOST_MESSAGES && peek(message, 0, 0, 0, REMOVE, ...padding);) count += 1;
  };
}
