/**
 * Groups of processes that end together (job objects of Windows). Whatever a member starts is a member too and cannot
 * leave; the system ends all of them when the group is ended, and when the last process that holds it is gone, however that
 * went. Only for Windows.
 */
import { native, type Pointer } from './native.ts';

const EXTENDED_LIMITS = 9;
/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64 bits, and where its flags are. */
const LIMITS_BYTES = 144;
const FLAGS_AT = 16;
const END_WITH_HANDLE = 0x2000;
/** PROCESS_SET_QUOTA and PROCESS_TERMINATE. */
const ASSIGNABLE = 0x101;
const KILLED = 1;

export class JobObject {
  #job: Pointer;

  /** @throws Error with the number that Windows gives */
  constructor() {
    const windows = native();
    this.#job = windows.createJob(null, null);
    const limits = Buffer.alloc(LIMITS_BYTES);
    limits.writeUInt32LE(END_WITH_HANDLE, FLAGS_AT);
    if (this.#job === null || !windows.setJob(this.#job, EXTENDED_LIMITS, limits, LIMITS_BYTES)) throw fault();
  }

  /** Takes a process in, with all that it will start. @throws Error, then it is no member */
  add(pid: number): void {
    const windows = native();
    const process = windows.openProcess(ASSIGNABLE, false, pid);
    try {
      if (process === null || !windows.assignToJob(this.#job, process)) throw fault();
    } finally {
      if (process !== null) windows.closeHandle(process);
    }
  }

  /** Ends all members; the group is empty then, and may be ended again. */
  end(): void {
    if (this.#job === null) return;
    native().endJob(this.#job, KILLED);
    native().closeHandle(this.#job);
    this.#job = null;
  }
}

function fault(): Error {
  return new Error(`Windows error ${native().lastError()}`);
}
