/** The functions of Linux that the agent calls and Node does not have, through koffi. Loaded when the first one is needed. */
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

let loaded: Native | undefined;
export type Native = ReturnType<typeof declare>;

/** The functions. @throws where this is not Linux, or koffi's part for it is missing */
export function native(): Native {
  loaded ??= declare(createRequire(import.meta.url)('koffi') as typeof Koffi);
  return loaded;
}

function declare(koffi: typeof Koffi) {
  // The program itself, which has the C library.
  const own = koffi.load(null);
  const of = <F extends (...args: never[]) => unknown>(declaration: string): F => own.func(declaration) as unknown as F;
  return {
    /** These answer a number below zero where the system refuses. */
    socketOption: of<(fd: number, level: number, name: number, value: Buffer, bytes: [number]) => number>(
      'int getsockopt(int fd, int level, int name, void *value, _Inout_ uint32_t *bytes)',
    ),
    processOption: of<(option: number, first: number, second: number, third: number, fourth: number) => number>(
      'int prctl(int option, unsigned long first, unsigned long second, unsigned long third, unsigned long fourth)',
    ),
    waitFor: of<(pid: number, status: null, options: number) => number>(
      'int waitpid(int pid, void *status, int options)',
    ),
  };
}
