/**
 * Objects of COM that are made here: event handlers, which UI Automation calls on threads of its own. koffi brings each call to
 * this thread and holds the other until it is answered. So a process that has handlers must never wait inside a call itself:
 * it calls by `async` only (`watch.ts`), and lives apart from the one that reads elements (`host.ts`).
 */
import type { Ffi } from './com.ts';
import { guidBytes } from './ids.ts';

const POINTER = 8;
const GUID_SIZE = 16;
const NO_INTERFACE = 0x80004002 | 0;
const UNKNOWN = '00000000-0000-0000-c000-000000000046';
/** IAgileObject: it may be called from any thread. */
const AGILE = '94ea2b94-e9cc-49e0-c0ff-ee64ca8f5b90';

/** The interface of a kind of handlers, and the types of what its one method gets after the object itself. */
export interface HandlerKind {
  readonly name: string;
  readonly interfaceId: string;
  readonly types: readonly string[];
}

/** VARIANTs and structures by value are larger than a register: on 64-bit Windows they come as an address. */
export const HANDLERS = {
  event: {
    name: 'IUIAutomationEventHandler',
    interfaceId: '146c3c17-f12e-4e22-8c27-f894b9b79c69',
    types: ['void *', 'int32'],
  },
  property: {
    name: 'IUIAutomationPropertyChangedEventHandler',
    interfaceId: '40cd37d4-c756-4b0c-8c6f-bddfeeb13b50',
    types: ['void *', 'int32', 'void *'],
  },
  structure: {
    name: 'IUIAutomationStructureChangedEventHandler',
    interfaceId: 'e81d1b4e-11c5-42f8-9754-e7036c79f054',
    types: ['void *', 'int32', 'void *'],
  },
  focus: {
    name: 'IUIAutomationFocusChangedEventHandler',
    interfaceId: 'c270f6b5-5c69-4290-9745-7a7f97169468',
    types: ['void *'],
  },
} as const satisfies Record<string, HandlerKind>;

/** Makes a handler that lives as long as the process; gives its address. What it gets is not looked at: it stays its owner's. */
export function makeHandler(ffi: Ffi, { name, interfaceId, types }: HandlerKind, heard: () => void): bigint {
  const known = [UNKNOWN, AGILE, interfaceId].map(guidBytes);
  const method = (suffix: string, result: string, args: readonly string[], act: (...args: never[]) => number): bigint =>
    ffi.register(act, ffi.pointer(ffi.proto('__stdcall', `${name}${suffix}`, result, ['void *', ...args])));
  const table = [
    method('Query', 'int32', ['void *', 'void *'], (self: bigint, id: bigint, out: bigint) => {
      const asked = Buffer.from(new Uint8Array(ffi.view(id, GUID_SIZE)));
      const isKnown = known.some((one) => one.equals(asked));
      ffi.encode(out, 'void *', isKnown ? self : null);
      return isKnown ? 0 : NO_INTERFACE;
    }),
    // It is never let go.
    method('AddRef', 'uint32', [], () => 2),
    method('Release', 'uint32', [], () => 1),
    method('Handle', 'int32', types, () => {
      heard();
      return 0;
    }),
  ];
  const methods = ffi.alloc('void *', table.length) as bigint;
  for (const [index, at] of table.entries()) ffi.encode(methods, index * POINTER, 'void *', at);
  const object = ffi.alloc('void *', 1) as bigint;
  ffi.encode(object, 'void *', methods);
  return object;
}
