/**
 * COM without a compiler: calls through an object's table of methods, the places of which are generated (`slots.ts`).
 * Lives only in the desktop host (`host.ts`), on its one thread, in the multithreaded apartment.
 *
 * Every pointer that a call gives belongs to whoever asked for it and is released once; `scope` releases what was only
 * needed on the way. Texts and arrays are copied and freed at once.
 */
import type * as Koffi from 'koffi';
import { faultOf } from './faults.ts';
import { guidBytes } from './ids.ts';
import { SLOTS } from './slots.ts';
import { readVariant, VARIANT_SIZE, VARIANT_STRUCT } from './variant.ts';

/** The foreign-function interface, loaded on Windows only. */
export type Ffi = (typeof Koffi)['default'];

type Interface = keyof typeof SLOTS;
type Method<I extends Interface> = keyof (typeof SLOTS)[I] & string;

/** What a property may hold: as JavaScript has it. */
export type PropertyValue = string | number | boolean | null;

const POINTER = 8;
/** IUnknown::QueryInterface and Release, at the head of every table. */
const [QUERY, RELEASE] = [0, 2];
const IN_PROCESS = 1;
const MULTITHREADED = 0;
/** Nothing is text of more characters: what is longer is cut. */
const MOST_CHARACTERS = 1_000_000;

type Native = (...args: unknown[]) => number;

export class Com {
  readonly #ffi: Ffi;
  readonly #types = new Map<string, Koffi.TypeObject>();
  readonly #create: Native;
  readonly #allocText: (text: string) => bigint;
  readonly #textLength: Native;
  readonly #freeText: Native;
  readonly #clearVariant: Native;
  readonly #arrayBounds: Native;
  readonly #arrayData: Native;
  readonly #arrayDone: Native;
  readonly #arrayFree: Native;

  /** @throws DesktopError DESKTOP_GONE when COM does not start */
  constructor(ffi: Ffi) {
    this.#ffi = ffi;
    const ole = ffi.load('ole32.dll');
    const automation = ffi.load('oleaut32.dll');
    ffi.struct('VARIANT', VARIANT_STRUCT);
    this.#create = ole.func('int32 __stdcall CoCreateInstance(void *, void *, uint32, void *, void *)');
    this.#allocText = automation.func('void * __stdcall SysAllocString(str16)');
    this.#textLength = automation.func('uint32 __stdcall SysStringLen(void *)');
    this.#freeText = automation.func('void __stdcall SysFreeString(void *)');
    this.#clearVariant = automation.func('int32 __stdcall VariantClear(void *)');
    this.#arrayBounds = automation.func('int32 __stdcall SafeArrayGetUBound(void *, uint32, void *)');
    this.#arrayData = automation.func('int32 __stdcall SafeArrayAccessData(void *, void *)');
    this.#arrayDone = automation.func('int32 __stdcall SafeArrayUnaccessData(void *)');
    this.#arrayFree = automation.func('int32 __stdcall SafeArrayDestroy(void *)');
    const start = ole.func('int32 __stdcall CoInitializeEx(void *, uint32)') as Native;
    check(start(null, MULTITHREADED), 'CoInitializeEx');
  }

  /** An object of a class, by one of its interfaces; null when the machine does not have the class. */
  create(classId: string, interfaceId: string): bigint | null {
    const out = Buffer.alloc(POINTER);
    const result = this.#create(guidBytes(classId), null, IN_PROCESS, guidBytes(interfaceId), out);
    return result < 0 ? null : pointerIn(out);
  }

  /** Another interface of an object; null when it lacks it. */
  query(object: bigint, interfaceId: string): bigint | null {
    const out = Buffer.alloc(POINTER);
    const result = this.#invoke(object, QUERY, ['void *', 'void *'], [guidBytes(interfaceId), out]);
    return result < 0 ? null : pointerIn(out);
  }

  /** Calls a method; the types are those of its arguments after the object itself. */
  call<I extends Interface>(
    object: bigint,
    where: I,
    method: Method<I>,
    types: readonly string[] = [],
    ...args: unknown[]
  ): void {
    const slot = SLOTS[where][method] as number;
    check(this.#invoke(object, slot, types, args), `${where}.${method}`);
  }

  /** Of a method whose last argument is where it puts an object; null for none. */
  object<I extends Interface>(
    object: bigint,
    where: I,
    method: Method<I>,
    types: readonly string[] = [],
    ...args: unknown[]
  ): bigint | null {
    const out = Buffer.alloc(POINTER);
    this.call(object, where, method, [...types, 'void *'], ...args, out);
    return pointerIn(out);
  }

  integer<I extends Interface>(object: bigint, where: I, method: Method<I>): number {
    const out = Buffer.alloc(POINTER);
    this.call(object, where, method, ['void *'], out);
    return out.readInt32LE(0);
  }

  real<I extends Interface>(object: bigint, where: I, method: Method<I>): number {
    const out = Buffer.alloc(POINTER);
    this.call(object, where, method, ['void *'], out);
    return out.readDoubleLE(0);
  }

  /** Of a method that gives a BSTR. */
  text<I extends Interface>(
    object: bigint,
    where: I,
    method: Method<I>,
    types: readonly string[] = [],
    ...args: unknown[]
  ): string {
    const at = this.object(object, where, method, types, ...args);
    if (at === null) return '';
    try {
      return this.#readText(at);
    } finally {
      this.#freeText(at);
    }
  }

  /** Whole numbers in memory of the callee's making, such as a rectangle's four. */
  integers<I extends Interface>(object: bigint, where: I, method: Method<I>, count: number): number[] {
    const out = Buffer.alloc(count * 4);
    this.call(object, where, method, ['void *'], out);
    return Array.from({ length: count }, (_, index) => out.readInt32LE(index * 4));
  }

  /** Of a method that gives a SAFEARRAY of whole numbers. */
  integerArray<I extends Interface>(object: bigint, where: I, method: Method<I>): number[] {
    const array = this.object(object, where, method);
    if (array === null) return [];
    try {
      const last = Buffer.alloc(4);
      check(this.#arrayBounds(array, 1, last), 'SafeArrayGetUBound');
      const length = Math.min(last.readInt32LE(0) + 1, 64);
      const data = Buffer.alloc(POINTER);
      check(this.#arrayData(array, data), 'SafeArrayAccessData');
      const bytes = length <= 0 ? Buffer.alloc(0) : this.#copy(data.readBigUInt64LE(0), length * 4);
      this.#arrayDone(array);
      return Array.from({ length: Math.max(length, 0) }, (_, index) => bytes.readInt32LE(index * 4));
    } finally {
      this.#arrayFree(array);
    }
  }

  /** Of a method that gives a VARIANT; null also for UI Automation's object that means "not supported". */
  value<I extends Interface>(
    object: bigint,
    where: I,
    method: Method<I>,
    types: readonly string[],
    ...args: unknown[]
  ): PropertyValue {
    const out = Buffer.alloc(VARIANT_SIZE);
    this.call(object, where, method, [...types, 'void *'], ...args, out);
    const read = readVariant(out);
    try {
      if (read.kind === 'text') return this.#readText(read.at);
      return read.kind === 'number' || read.kind === 'boolean' ? read.value : null;
    } finally {
      this.#clearVariant(out);
    }
  }

  /** Does something with a text of COM's. */
  withText<T>(text: string, use: (at: bigint) => T): T {
    const at = this.#allocText(text);
    try {
      return use(at);
    } finally {
      this.#freeText(at);
    }
  }

  /** Does something with objects; whatever was given to `own` is released afterwards. */
  scope<T>(use: (own: <P extends bigint | null>(object: P) => P) => T): T {
    const owned: bigint[] = [];
    try {
      return use((object) => {
        if (object !== null) owned.push(object);
        return object;
      });
    } finally {
      for (const object of owned.reverse()) this.release(object);
    }
  }

  release(object: bigint): void {
    this.#invoke(object, RELEASE, [], []);
  }

  #invoke(object: bigint, slot: number, types: readonly string[], args: readonly unknown[]): number {
    const table = this.#ffi.decode(object, 'void *') as bigint;
    const method = this.#ffi.decode(table, slot * POINTER, 'void *') as bigint;
    return this.#ffi.call(method, this.#typeOf(types), object, ...args) as number;
  }

  #typeOf(types: readonly string[]): Koffi.TypeObject {
    const key = types.join(', ');
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const made = this.#ffi.proto('__stdcall', `com${this.#types.size}`, 'int32', ['void *', ...types]);
    this.#types.set(key, made);
    return made;
  }

  #readText(at: bigint): string {
    const length = Math.min(this.#textLength(at), MOST_CHARACTERS);
    return length === 0 ? '' : this.#copy(at, length * 2).toString('utf16le');
  }

  #copy(at: bigint, bytes: number): Buffer {
    return Buffer.from(new Uint8Array(this.#ffi.view(at, bytes)));
  }
}

function check(result: number, what: string): void {
  if (result < 0) throw faultOf(result, what);
}

function pointerIn(out: Buffer): bigint | null {
  const at = out.readBigUInt64LE(0);
  return at === 0n ? null : at;
}
