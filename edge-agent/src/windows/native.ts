/**
 * The functions of Windows that the agent calls, declared once, through koffi. Loaded when the first one is needed, and on
 * Windows only. Handles and pointers that a function gives belong to whoever asked for them.
 */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** An address, as koffi has it; null is none. */
export type Pointer = bigint | null;
/** Where a function puts what it gives. */
type Out<T> = [T];

/** A run of bytes as the data protection interface takes and gives it. */
export interface Blob {
  cbData: number;
  pbData: Buffer | Pointer;
}

let loaded: Native | undefined;
export type Native = ReturnType<typeof declare>;

/** The functions. @throws where this is not Windows, or koffi's part for it is missing */
export function native(): Native {
  loaded ??= declare(createRequire(import.meta.url)('koffi') as typeof Koffi);
  return loaded;
}

function declare(koffi: typeof Koffi) {
  const [kernel, security, crypt] = ['kernel32.dll', 'advapi32.dll', 'crypt32.dll'].map((name) => koffi.load(name)) as [
    Koffi.LibraryHandle,
    Koffi.LibraryHandle,
    Koffi.LibraryHandle,
  ];
  koffi.struct('DATA_BLOB', { cbData: 'uint32_t', pbData: 'void *' });
  const of = <F extends (...args: never[]) => unknown>(library: Koffi.LibraryHandle, declaration: string): F =>
    library.func(declaration.replace('(', ' (').replace(/^(\S+(?: \*)?) /, '$1 __stdcall ')) as unknown as F;
  const freed = of<(memory: Pointer) => Pointer>(kernel, 'void * LocalFree(void *memory)');
  type Protecting = (
    given: Blob,
    description: null,
    entropy: Blob,
    reserved: null,
    prompt: null,
    flags: number,
    out: Partial<Blob>,
  ) => boolean;
  const protecting = (name: string): Protecting =>
    of<Protecting>(
      crypt,
      `bool ${name}(DATA_BLOB *given, void *description, DATA_BLOB *entropy, void *reserved, void *prompt, uint32_t flags, _Out_ DATA_BLOB *out)`,
    );
  return {
    /** The error of the function called last. */
    lastError: of<() => number>(kernel, 'uint32_t GetLastError()'),
    currentProcess: of<() => Pointer>(kernel, 'void * GetCurrentProcess()'),
    openProcess: of<(access: number, inherit: boolean, pid: number) => Pointer>(
      kernel,
      'void * OpenProcess(uint32_t access, bool inherit, uint32_t pid)',
    ),
    closeHandle: of<(handle: Pointer) => boolean>(kernel, 'bool CloseHandle(void *handle)'),
    /** Node's own number of an open file is none of Windows. Node gives it away for addons. */
    handleOf: koffi.load(null).func('void *uv_get_osfhandle(int fd)') as unknown as (fd: number) => Pointer,
    finalPath: of<(file: Pointer, into: Buffer, units: number, flags: number) => number>(
      kernel,
      'uint32_t GetFinalPathNameByHandleW(void *file, void *into, uint32_t units, uint32_t flags)',
    ),
    createJob: of<(security: null, name: null) => Pointer>(
      kernel,
      'void * CreateJobObjectW(void *security, const char16_t *name)',
    ),
    setJob: of<(job: Pointer, kind: number, value: Buffer, bytes: number) => boolean>(
      kernel,
      'bool SetInformationJobObject(void *job, int kind, void *value, uint32_t bytes)',
    ),
    assignToJob: of<(job: Pointer, process: Pointer) => boolean>(
      kernel,
      'bool AssignProcessToJobObject(void *job, void *process)',
    ),
    endJob: of<(job: Pointer, code: number) => boolean>(kernel, 'bool TerminateJobObject(void *job, uint32_t code)'),
    openToken: of<(process: Pointer, access: number, token: Out<Pointer>) => boolean>(
      security,
      'bool OpenProcessToken(void *process, uint32_t access, _Out_ void **token)',
    ),
    tokenInformation: of<(token: Pointer, kind: number, into: Buffer, bytes: number, used: Out<number>) => boolean>(
      security,
      'bool GetTokenInformation(void *token, int kind, void *into, uint32_t bytes, _Out_ uint32_t *used)',
    ),
    sidText: of<(sid: Pointer, text: Out<Pointer>) => boolean>(
      security,
      'bool ConvertSidToStringSidW(void *sid, _Out_ void **text)',
    ),
    /** Of the path or name of an object: owner and access list. Answers an error, 0 for none. */
    securityOf: of<
      (
        name: string,
        kind: number,
        parts: number,
        owner: null,
        group: null,
        dacl: null,
        sacl: null,
        descriptor: Out<Pointer>,
      ) => number
    >(
      security,
      'uint32_t GetNamedSecurityInfoW(const char16_t *name, int kind, uint32_t parts, void *owner, void *group, void *dacl, void *sacl, _Out_ void **descriptor)',
    ),
    describeSecurity: of<
      (descriptor: Pointer, revision: number, parts: number, text: Out<Pointer>, units: Out<number>) => boolean
    >(
      security,
      'bool ConvertSecurityDescriptorToStringSecurityDescriptorW(void *descriptor, uint32_t revision, uint32_t parts, _Out_ void **text, _Out_ uint32_t *units)',
    ),
    readSecurity: of<(text: string, revision: number, descriptor: Out<Pointer>, bytes: null) => boolean>(
      security,
      'bool ConvertStringSecurityDescriptorToSecurityDescriptorW(const char16_t *text, uint32_t revision, _Out_ void **descriptor, void *bytes)',
    ),
    setFileSecurity: of<(path: string, parts: number, descriptor: Pointer) => boolean>(
      security,
      'bool SetFileSecurityW(const char16_t *path, uint32_t parts, void *descriptor)',
    ),
    /** These answer an error, 0 for none. The root is the number of a key that Windows always has open. */
    registryValue: of<
      (
        root: number,
        key: string,
        name: string | null,
        flags: number,
        type: null,
        into: Buffer,
        bytes: Out<number>,
      ) => number
    >(
      security,
      'uint32_t RegGetValueW(intptr_t root, const char16_t *key, const char16_t *name, uint32_t flags, void *type, void *into, _Inout_ uint32_t *bytes)',
    ),
    setRegistryValue: of<
      (root: number, key: string, name: string, type: number, value: Buffer, bytes: number) => number
    >(
      security,
      'uint32_t RegSetKeyValueW(intptr_t root, const char16_t *key, const char16_t *name, uint32_t type, void *value, uint32_t bytes)',
    ),
    removeRegistryKey: of<(root: number, key: string) => number>(
      security,
      'uint32_t RegDeleteKeyW(intptr_t root, const char16_t *key)',
    ),
    protectData: protecting('CryptProtectData'),
    unprotectData: protecting('CryptUnprotectData'),
    /** The address that stands at the start of a buffer. */
    pointerIn: (buffer: Buffer): Pointer => koffi.decode(buffer, 'void *') as Pointer,
    /** A text that Windows gave, which is freed. */
    takeText: (text: Pointer): string => {
      try {
        return koffi.decode(text, 'char16_t', -1) as string;
      } finally {
        freed(text);
      }
    },
    /** Bytes that Windows gave, which are freed. */
    takeBytes: (memory: Pointer, bytes: number): Buffer => {
      try {
        return Buffer.from(koffi.decode(memory, koffi.array('uint8_t', bytes, 'Typed')) as Uint8Array);
      } finally {
        freed(memory);
      }
    },
    free: (memory: Pointer): void => void freed(memory),
  };
}
